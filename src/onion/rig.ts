/** A network of hops in memory, for the tests of this folder: real handshakes and layers, a clock turned by hand, and a hand in every link. */
import { Counters, relayId, type Bytes, type Clock, type Random, type RelayId } from '../base/index.ts';
import { OnionKey, sha256, type CircuitSuite } from '../crypto/index.ts';
import { keyIdOf, type Descriptor } from '../directory/index.ts';
import { memoryNetwork, type CellLink, type LinkHandler, type LinkNode, type MemoryNetwork } from '../link/index.ts';
import type { CellSink, ExitHandler } from './circuit.ts';
import { CircuitClient, type TimeSample } from './client.ts';
import type { HopLimits } from './hop-options.ts';
import { Hop } from './hop.ts';
import type { TapEvent } from './tap.ts';

/** What a test does with a cell that arrives: none is loss, two are a repeat. */
export type Tamper = (cell: Bytes, counter: number) => readonly Bytes[];

export interface RigRelay {
  readonly name: string;
  readonly hop: Hop;
  readonly descriptor: Descriptor;
  readonly events: { name: TapEvent; fields: Readonly<Record<string, unknown>> }[];
  /** Applied to every cell of a circuit that arrives. */
  tamper: Tamper | undefined;
}

export interface Rig {
  readonly network: MemoryNetwork;
  readonly relays: readonly RigRelay[];
  readonly client: CircuitClient;
  readonly clientNode: LinkNode;
  readonly times: TimeSample[];
  clientTamper: Tamper | undefined;
  dialGuard(): Promise<CellLink>;
}

export interface RigOptions {
  readonly clock: Clock & { advance(ms: number): Promise<void> };
  readonly random: Random;
  readonly relays: number;
  readonly exits?: (name: string) => readonly ExitHandler[];
  readonly limits?: Partial<HopLimits>;
  /** What the relays' descriptors offer, one after the other; suite 3 when not given. */
  readonly suites?: readonly CircuitSuite[];
  /** What the relays' keys are of, where that is something else. */
  readonly keySuites?: readonly CircuitSuite[];
  /** The relays' mix; at once when not given. */
  readonly sink?: CellSink;
}

const atOnce: CellSink = { pass: (_mean, send) => send() };

function tampering(handler: LinkHandler, tamper: () => Tamper | undefined): LinkHandler {
  return {
    opened: (link) => handler.opened(link),
    closed: (link, why) => handler.closed(link, why),
    control: (link, type, circuit, payload) => handler.control(link, type, circuit, payload),
    cell(link, circuit, counter, cell) {
      for (const one of tamper()?.(cell, counter) ?? [cell])
        handler.cell(link, circuit, new DataView(one.buffer, one.byteOffset).getUint32(4), one);
    },
  };
}

export function makeRig(options: RigOptions): Rig {
  const { clock, random } = options;
  const network = memoryNetwork({ clock, random });
  const relays: RigRelay[] = [];
  const addressesOf = (id: RelayId): readonly string[] | undefined =>
    relays.find(({ descriptor }) => descriptor.id === id)?.descriptor.addresses;
  for (let i = 0; i < options.relays; i++) relays.push(makeRelay(i, options, network, addressesOf));
  const times: TimeSample[] = [];
  const client = new CircuitClient({ clock, random, counters: new Counters(), time: (sample) => times.push(sample) });
  const rig: Rig = {
    network,
    relays,
    client,
    times,
    clientTamper: undefined,
    clientNode: network.node(
      'client',
      tampering(client, () => rig.clientTamper),
      { listens: false },
    ),
    dialGuard: () => settled(clock, rig.clientNode.dial(['/memory/relay0'])),
  };
  return rig;
}

function makeRelay(
  index: number,
  options: RigOptions,
  network: MemoryNetwork,
  addressesOf: (id: RelayId) => readonly string[] | undefined,
): RigRelay {
  const { clock, random } = options;
  const name = `relay${index}`;
  const suite = options.suites?.[index] ?? 3;
  const keySuite = options.keySuites?.[index] ?? suite;
  const id = sha256(new TextEncoder().encode(name));
  const seed = random.bytes(32);
  // The key's own id follows from its public half.
  const probe = new OnionKey(id, new Uint8Array(8), seed, keySuite);
  const keyId = keyIdOf(probe.publicKey);
  const onionKey = new OnionKey(id, keyId, seed, keySuite);
  probe.wipe();
  const descriptor: Descriptor = {
    id: relayId(id),
    keyset: new Uint8Array(1984),
    addresses: [`/memory/${name}`],
    suite,
    onionKey: onionKey.publicKey,
    roles: { guard: true, middle: true, mailbox: true },
    family: name,
    delayClasses: [0, 20, 500],
    validFrom: 0,
    validUntil: 2 ** 32,
    version: '0',
    signed: new TextEncoder().encode(`descriptor of ${name}`),
  };
  const events: RigRelay['events'] = [];
  const hop = new Hop({
    self: descriptor.id,
    clock,
    random,
    addressesOf,
    onionKey: (asked) => (asked.every((byte, i) => byte === keyId[i]) ? onionKey : undefined),
    networkTime: () => Math.floor(clock.now() / 1000),
    descriptor: () => descriptor.signed,
    sink: options.sink ?? atOnce,
    dial: (addresses) => node.dial(addresses),
    exits: options.exits?.(name) ?? [],
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    tap: { event: (event, fields) => events.push({ name: event, fields }) },
  });
  const relay: RigRelay = { name, hop, descriptor, events, tamper: undefined };
  const node = network.node(
    name,
    tampering(hop, () => relay.tamper),
  );
  return relay;
}

/** Turns the clock until a condition holds. Throws after `limit` ms. */
export async function until(clock: RigOptions['clock'], condition: () => boolean, limit = 120_000): Promise<void> {
  for (let turned = 0; !condition(); turned += 10) {
    if (turned > limit) throw new Error('the condition never held');
    await clock.advance(10);
  }
}

/** Turns the clock until a promise settles. */
export async function settled<T>(clock: RigOptions['clock'], promise: Promise<T>): Promise<T> {
  let done = false;
  const finish = (): void => {
    done = true;
  };
  promise.then(finish, finish);
  await until(clock, () => done);
  return promise;
}
