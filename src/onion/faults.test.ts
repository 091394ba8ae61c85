import { beforeAll, describe, expect, it } from 'vitest';
import { exponential, type Bytes } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { inUse } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { ControlType } from '../link/index.ts';
import { CircuitClosed, MessageKind, type Circuit, type ExitCircuit, type ExitHandler } from './circuit.ts';
import { BuildFailed } from './client.ts';
import { DestroyReason } from './layouts.ts';
import { makeRig, settled, until, type Rig, type RigOptions, type Tamper } from './rig.ts';

beforeAll(initCryptoNode);
const seed = testSeed();

class Echo implements ExitHandler {
  readonly kinds = [MessageKind.POST, MessageKind.DIRECTORY_REQUEST];

  message(circuit: ExitCircuit, id: number, kind: MessageKind, body: Bytes): void {
    if (kind === MessageKind.POST) circuit.reply(id, MessageKind.STORED, body);
    else circuit.reply(id, MessageKind.DIRECTORY, new Uint8Array(60_000));
  }

  closed(): void {}
}

interface Closed {
  why: string;
  blame: boolean;
}

async function build(options: Partial<RigOptions> = {}): Promise<{ clock: ManualClock; rig: Rig; circuit: Circuit; closed: Closed[] }> {
  const clock = new ManualClock();
  const rig = makeRig({ clock, random: seededRandom(seed), relays: 3, exits: () => [new Echo()], ...options });
  const link = await rig.dialGuard();
  const circuit = await settled(
    clock,
    rig.client.build(
      rig.relays.map(({ descriptor }) => descriptor),
      link,
      { delayClass: 0 },
    ),
  );
  await settled(clock, circuit.ping());
  const closed: Closed[] = [];
  circuit.onClosed = (why, blame) => closed.push({ why, blame });
  return { clock, rig, circuit, closed };
}

/** Once, for the cell after the next few. */
function once(make: (cell: Bytes) => readonly Bytes[], after = 2): Tamper {
  let seen = 0;
  return (cell) => (seen++ === after ? make(cell) : [cell]);
}

const kinds: readonly [string, (cell: Bytes) => readonly Bytes[]][] = [
  ['dropped', () => []],
  ['doubled', (cell) => [cell, cell.slice()]],
  [
    'garbled',
    (cell) => {
      cell[600] = (cell[600] ?? 0) ^ 1;
      return [cell];
    },
  ],
];
const places: readonly [string, (rig: Rig, tamper: Tamper) => void][] = [
  ['at the guard', (rig, tamper) => give(rig, 0, tamper)],
  ['at the middle', (rig, tamper) => give(rig, 1, tamper)],
  ['at the last hop', (rig, tamper) => give(rig, 2, tamper)],
  [
    'at the client',
    (rig, tamper) => {
      rig.clientTamper = tamper;
    },
  ],
];

function give(rig: Rig, relay: number, tamper: Tamper): void {
  const found = rig.relays[relay];
  if (found !== undefined) found.tamper = tamper;
}

describe('one cell that was tampered with ends its circuit, and counts against its path', () => {
  it.each(places.flatMap(([where, put]) => kinds.map(([what, make]) => [what, where, make, put] as const)))(
    '%s %s',
    async (_what, _where, make, put) => {
      const layers = inUse().layerKeys;
      const { clock, rig, circuit, closed } = await build();
      put(rig, once(make));
      const request = circuit.request(MessageKind.POST, new Uint8Array(20_000));
      const outcome = request.then(
        () => 'answered',
        (error: unknown) => error,
      );
      await until(clock, () => closed.length === 1, 60_000);
      expect(closed[0]?.blame).toBe(true);
      expect(circuit.closed).toBe(true);
      expect(await outcome).toSatisfy((end: unknown) => end instanceof CircuitClosed || end === 'answered');
      await until(clock, () => rig.relays.every(({ hop }) => hop.load().circuits === 0));
      expect(inUse().layerKeys).toBe(layers);
      await expect(circuit.request(MessageKind.POST, new Uint8Array(1))).rejects.toThrow(CircuitClosed);
    },
  );
});

describe('a repeated cell goes no further than the relay that it was repeated to', () => {
  it.each(['forward', 'backward'])('%s', async (direction) => {
    const { clock, rig, circuit, closed } = await build();
    const circuits: number[] = [];
    // The first cell that the middle sees goes forward; the other circuit id is the far side's.
    give(rig, 1, (cell) => {
      const id = new DataView(cell.buffer).getUint32(0);
      if (!circuits.includes(id)) circuits.push(id);
      return circuits.indexOf(id) === (direction === 'forward' ? 0 : 1) ? [cell, cell.slice()] : [cell];
    });
    void circuit.request(MessageKind.POST, new Uint8Array(10)).catch(() => undefined);
    await until(clock, () => closed.length === 1);
    expect(rig.relays.map(({ hop }) => hop.counters.get('repeated'))).toEqual([0, 1, 0]);
    expect(rig.client.counters.get('repeated')).toBe(0);
  });
});

describe('circuits under other troubles', () => {
  it.each([
    [3, 1],
    [5, 2],
    [7, 2],
  ] as const)('keep every message whole when the mix of %i hops reorders, delay class %i', async (relays, delayClass) => {
    const clock = new ManualClock();
    const random = seededRandom(seed);
    const sink = { pass: (mean: number, send: () => void): void => void clock.after(exponential(random, mean), send) };
    const rig = makeRig({ clock, random, relays, exits: () => [new Echo()], sink });
    const link = await rig.dialGuard();
    const path = rig.relays.map(({ descriptor }) => descriptor);
    const circuit = await settled(clock, rig.client.build(path, link, { delayClass }));
    const bodies = Array.from({ length: 30 }, (_, i) => random.bytes(i * 700));
    const replies = await settled(clock, Promise.all(bodies.map((body) => circuit.request(MessageKind.POST, body))));
    expect(replies.map(({ body }) => body)).toEqual(bodies);
  });

  it("end when the link to the guard does, which is not the path's fault", async () => {
    const { clock, rig, closed } = await build();
    rig.network.cut('client', 'relay0');
    await until(clock, () => closed.length === 1);
    expect(closed[0]?.blame).toBe(false);
    await until(clock, () => rig.relays.every(({ hop }) => hop.load().circuits === 0));
  });

  it.each([
    ['relay1', 1],
    ['relay2', undefined],
  ])('end when %s dies, which the guard names when it was next to it', async (name, unreached) => {
    const { clock, rig, circuit, closed } = await build();
    rig.network.kill(name);
    await until(clock, () => closed.length === 1);
    expect(closed[0]?.blame).toBe(true);
    expect(circuit.unreached).toBe(unreached);
  });

  it('are not built through a relay that does not answer, and the failure names it', async () => {
    const clock = new ManualClock();
    const rig = makeRig({ clock, random: seededRandom(seed), relays: 3 });
    const link = await rig.dialGuard();
    rig.network.kill('relay2');
    const error = await settled(
      clock,
      rig.client
        .build(
          rig.relays.map(({ descriptor }) => descriptor),
          link,
        )
        .catch((e: unknown) => e),
    );
    expect(error).toBeInstanceOf(BuildFailed);
    expect(error).toMatchObject({ hop: 2 });
    await until(clock, () => rig.relays.slice(0, 2).every(({ hop }) => hop.load().circuits === 0));
  });

  it('are not built when the second relay goes while the third is asked, and the failure names the second', async () => {
    const clock = new ManualClock();
    const rig = makeRig({ clock, random: seededRandom(seed), relays: 3 });
    const link = await rig.dialGuard();
    rig.network.freeze('relay2');
    const path = rig.relays.map(({ descriptor }) => descriptor);
    const failed = rig.client.build(path, link).catch((e: unknown) => e);
    await clock.advance(3_000);
    rig.network.cut('relay0', 'relay1');
    expect(await settled(clock, failed)).toMatchObject({ hop: 1 });
  });

  it('stop being built when their builder gives up', async () => {
    const clock = new ManualClock();
    const rig = makeRig({ clock, random: seededRandom(seed), relays: 3 });
    const link = await rig.dialGuard();
    const giveUp = new AbortController();
    const failing = rig.client
      .build(
        rig.relays.map(({ descriptor }) => descriptor),
        link,
        { signal: giveUp.signal },
      )
      .catch((e: unknown) => e);
    await clock.advance(35);
    giveUp.abort();
    expect(await failing).toBeInstanceOf(BuildFailed);
    await until(clock, () => rig.relays.every(({ hop }) => hop.load().circuits === 0));
  });

  it('refuse a kind that nobody at the last hop answers', async () => {
    const { clock, circuit } = await build();
    const reply = await settled(clock, circuit.request(MessageKind.SUBSCRIBE, new Uint8Array(1)));
    expect(reply.kind).toBe(MessageKind.REFUSED);
  });

  it('live no longer than a relay lets them', async () => {
    const { clock, closed } = await build({ limits: { lifeMs: 100_000 } });
    await until(clock, () => closed.length === 1);
    expect(clock.now()).toBeGreaterThan(90_000);
  });
});

describe('a relay stays bounded', () => {
  const create = async (): Promise<{ clock: ManualClock; rig: Rig; bytes: Bytes; link: Awaited<ReturnType<Rig['dialGuard']>> }> => {
    const clock = new ManualClock();
    const rig = makeRig({
      clock,
      random: seededRandom(seed),
      relays: 1,
      limits: { halfBuiltPerLink: 8, circuitsPerLink: 20, circuits: 30 },
    });
    const link = await rig.dialGuard();
    const { createHop, sha256 } = await import('../crypto/index.ts');
    const { idBytes, isRefusal } = await import('../base/index.ts');
    const relay = rig.relays[0]?.descriptor;
    if (relay === undefined) throw new Error('no relay');
    const attempt = createHop(
      { relay: idBytes(relay.id), keyId: sha256(relay.onionKey).subarray(0, 8), onionKey: relay.onionKey },
      new Uint8Array(16),
      seededRandom(1),
    );
    if (isRefusal(attempt)) throw new Error(attempt.refused);
    return { clock, rig, bytes: attempt.create, link };
  };

  it('under endless CREATEs', async () => {
    const { clock, rig, bytes, link } = await create();
    const hop = rig.relays[0]?.hop;
    if (hop === undefined) throw new Error('no relay');
    const layers = inUse().layerKeys;
    for (let round = 0; round < 30; round++) {
      for (let id = 1; id <= 50; id++) link.sendControl(ControlType.CREATE, round * 50 + id, bytes);
      await clock.advance(500);
      expect(hop.load().circuits).toBeLessThanOrEqual(8);
      expect(inUse().layerKeys - layers).toBeLessThanOrEqual(16);
    }
    expect(hop.counters.get('create-bound')).toBeGreaterThan(1000);
    expect(hop.counters.get('half-built-timeout')).toBeGreaterThan(0);
    await clock.advance(12_000);
    expect(hop.load().circuits).toBe(0);
    expect(inUse().layerKeys).toBe(layers);
  });

  it("refuses circuit ids that are not the neighbour's to give", async () => {
    const { clock, rig, bytes, link } = await create();
    const hop = rig.relays[0]?.hop;
    link.sendControl(ControlType.CREATE, 0x8000_0001, bytes);
    link.sendControl(ControlType.CREATE, 5, bytes);
    link.sendControl(ControlType.CREATE, 5, bytes);
    await clock.advance(100);
    expect(hop?.load().circuits).toBe(1);
    expect(hop?.counters.get('create-id')).toBe(2);
  });

  it('counts what it did not ask for', async () => {
    const { clock, rig, link } = await create();
    link.sendControl(ControlType.CREATED, 7, new Uint8Array(1184));
    link.sendControl(ControlType.DESTROY, 7, Uint8Array.of(DestroyReason.FINISHED));
    link.sendControl(ControlType.DESTROY, 7, Uint8Array.of(99));
    link.sendControl(ControlType.DESCRIPTOR, 0, new Uint8Array(5));
    link.sendControl(ControlType.DESCRIBE, 1, new Uint8Array(0));
    await clock.advance(100);
    expect(rig.relays[0]?.hop.counters.all()).toEqual({
      'control-unasked': 1,
      'created-unasked': 1,
      'describe-malformed': 1,
      destroy: 1,
      'unknown-circuit': 1,
    });
  });

  it('destroys a circuit whose client does not take its answers', async () => {
    const { clock, rig, circuit } = await build({ limits: { unsaidPerCircuit: 100 } });
    // Nothing comes back any more, so no credit does.
    rig.clientTamper = () => [];
    for (let i = 0; i < 10; i++) void circuit.request(MessageKind.DIRECTORY_REQUEST, new Uint8Array(4)).catch(() => undefined);
    await until(clock, () => rig.relays[2]?.hop.load().circuits === 0);
    expect(rig.relays[2]?.hop.counters.get('unsaid-bound')).toBe(1);
  });

  it('destroys a circuit of which the mix would hold too many cells', async () => {
    const sink = { pass: () => undefined };
    const { circuit, clock, rig, closed } = await buildThenHold(sink);
    for (let i = 0; i < 10; i++) void circuit.request(MessageKind.POST, new Uint8Array(60_000)).catch(() => undefined);
    await until(clock, () => closed.length === 1);
    expect(rig.relays[0]?.hop.counters.get('cells-bound')).toBe(1);
    expect(rig.relays[0]?.hop.load().waiting).toBeLessThanOrEqual(40);
  });

  async function buildThenHold(held: { pass: () => void }): Promise<Awaited<ReturnType<typeof build>>> {
    let holding = false;
    const built = await build({ limits: { waitingPerCircuit: 40 }, sink: { pass: (_mean, send) => (holding ? held.pass() : send()) } });
    holding = true;
    return built;
  }
});
