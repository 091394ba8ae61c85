/** Relays with mailboxes, and clients with pools, on a network in memory: for the tests of this folder. */
import { relayId, uniform, type Bytes, type Clock, type Random, type RelayId } from '../base/index.ts';
import { OnionKey, sha256 } from '../crypto/index.ts';
import { keyIdOf, type Descriptor } from '../directory/index.ts';
import { memoryNetwork, type CellLink, type LinkHandler, type LinkNode, type MemoryNetwork } from '../link/index.ts';
import { Mix } from '../mix/index.ts';
import { CircuitClient, CircuitPool, Hop, UnknownRelay, type Blame } from '../onion/index.ts';
import type { BlobStore } from './blob-store.ts';
import { circuitMailboxes } from './client.ts';
import { MailboxExit, type MailboxLimits } from './exit.ts';
import type { Mailboxes } from './mailboxes.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';

export interface RigRelay {
  readonly name: string;
  readonly descriptor: Descriptor;
  readonly hop: Hop;
  readonly mailbox: MailboxExit;
  readonly store: BlobStore;
  /** What becomes of a cell that arrives: none is loss, two are a repeat. */
  tamper: ((cell: Bytes) => readonly Bytes[]) | undefined;
}

export interface RigClient {
  readonly mailboxes: Mailboxes;
  readonly pool: CircuitPool;
  readonly blames: Blame[];
}

export interface Rig {
  readonly network: MemoryNetwork;
  readonly relays: readonly RigRelay[];
  /** A client whose guard is the first relay and whose middle is any other. */
  client(name: string): RigClient;
}

export interface RigOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly relays: number;
  readonly limits?: Partial<MailboxLimits>;
}

export function makeRig(options: RigOptions): Rig {
  const { clock, random } = options;
  const network = memoryNetwork({ clock, random });
  const relays: RigRelay[] = [];
  const find = (id: RelayId): RigRelay | undefined => relays.find(({ descriptor }) => descriptor.id === id);
  for (let i = 0; i < options.relays; i++) relays.push(makeRelay(`relay${i}`, options, network, (id) => find(id)?.descriptor.addresses));
  return { network, relays, client: (name) => makeClient(name, options, network, relays) };
}

function makeRelay(
  name: string,
  { clock, random, limits = {} }: RigOptions,
  network: MemoryNetwork,
  addressesOf: (id: RelayId) => readonly string[] | undefined,
): RigRelay {
  const id = sha256(new TextEncoder().encode(name));
  const seed = random.bytes(32);
  const probe = new OnionKey(id, new Uint8Array(8), seed);
  const onionKey = new OnionKey(id, keyIdOf(probe.publicKey), seed);
  probe.wipe();
  const descriptor: Descriptor = {
    id: relayId(id),
    keyset: new Uint8Array(1984),
    addresses: [`/memory/${name}`],
    suite: 3,
    onionKey: onionKey.publicKey,
    roles: { guard: true, middle: true, mailbox: true },
    family: name,
    delayClasses: [0, 20, 500],
    validFrom: 0,
    validUntil: 2 ** 32,
    version: '0',
    signed: new Uint8Array(1),
  };
  const store = new MemoryBlobStore(random);
  const mailbox = new MailboxExit({ store, clock, limits });
  const hop = new Hop({
    self: descriptor.id,
    clock,
    random,
    addressesOf,
    onionKey: () => onionKey,
    networkTime: () => Math.floor(clock.now() / 1000),
    descriptor: () => descriptor.signed,
    sink: new Mix({ clock, random }),
    dial: (addresses) => node.dial(addresses),
    exits: [mailbox],
  });
  const relay: RigRelay = { name, descriptor, hop, mailbox, store, tamper: undefined };
  const handler: LinkHandler = {
    opened: (link) => hop.opened(link),
    closed: (link) => hop.closed(link),
    control: (link, type, circuit, payload) => hop.control(link, type, circuit, payload),
    cell(link, circuit, counter, cell) {
      for (const one of relay.tamper?.(cell) ?? [cell]) hop.cell(link, circuit, counter, one);
    },
  };
  const node: LinkNode = network.node(name, handler);
  return relay;
}

function makeClient(name: string, { clock, random }: RigOptions, network: MemoryNetwork, relays: readonly RigRelay[]): RigClient {
  const client = new CircuitClient({ clock, random });
  const node = network.node(name, client, { listens: false });
  const blames: Blame[] = [];
  const guard = relays[0]?.descriptor;
  const pool = new CircuitPool({
    clock,
    random,
    blamed: (blame) => blames.push(blame),
    async path(mailbox, avoid) {
      const last = relays.find(({ descriptor }) => descriptor.id === mailbox)?.descriptor;
      if (last === undefined || guard === undefined) throw new UnknownRelay('no such relay in the directory');
      const middles = relays.map(({ descriptor }) => descriptor).filter(({ id }) => id !== guard.id && id !== mailbox);
      const fresh = middles.filter(({ id }) => !avoid.includes(id));
      const from = fresh.length > 0 ? fresh : middles;
      const middle = from[Math.floor(uniform(random) * from.length)];
      if (middle === undefined) throw new Error('no path of three hops');
      return [guard, middle, last];
    },
    async build(path) {
      const link: CellLink = await node.dial(path[0]?.addresses ?? []);
      return client.build(path, link);
    },
  });
  return { pool, blames, mailboxes: circuitMailboxes({ circuits: pool, clock }) };
}
