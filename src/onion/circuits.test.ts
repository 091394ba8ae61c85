import { beforeAll, describe, expect, it } from 'vitest';
import { utf8, type Bytes } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { inUse } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { MessageKind, type Circuit, type ExitCircuit, type ExitHandler } from './circuit.ts';
import type { DelayClass } from './layouts.ts';
import { makeRig, settled, until, type Rig, type RigOptions } from './rig.ts';

beforeAll(initCryptoNode);
const seed = testSeed();

/** Answers POST with its body; on SUBSCRIBE pushes as many BLOBs as the body's first byte says. */
class Echo implements ExitHandler {
  readonly kinds = [MessageKind.POST, MessageKind.SUBSCRIBE];
  readonly ended: number[] = [];
  readonly open: ExitCircuit[] = [];

  message(circuit: ExitCircuit, id: number, kind: MessageKind, body: Bytes): void {
    this.open.push(circuit);
    if (kind === MessageKind.POST) circuit.reply(id, MessageKind.STORED, body);
    else void this.push(circuit, body[0] ?? 0);
  }

  async push(circuit: ExitCircuit, count: number): Promise<void> {
    for (let i = 0; i < count; i++) await circuit.push(MessageKind.BLOB, new Uint8Array(1 + 900 * (i % 5)).fill(i)).catch(() => undefined);
  }

  closed(circuit: ExitCircuit): void {
    this.ended.push(circuit.key);
  }
}

interface Built {
  readonly clock: ManualClock;
  readonly rig: Rig;
  readonly echo: Echo;
  readonly circuit: Circuit;
}

async function build(hops: number, options: Partial<RigOptions> = {}, delayClass: DelayClass = 0): Promise<Built> {
  const clock = new ManualClock();
  const echo = new Echo();
  const rig = makeRig({ clock, random: seededRandom(seed), relays: hops, exits: () => [echo], ...options });
  const link = await rig.dialGuard();
  const circuit = await settled(
    clock,
    rig.client.build(
      rig.relays.map(({ descriptor }) => descriptor),
      link,
      { delayClass },
    ),
  );
  return { clock, rig, echo, circuit };
}

describe('circuits', () => {
  it.each([1, 2, 3, 5])('carry a request and its reply over %i hops', async (hops) => {
    const before = inUse().layerKeys;
    const { clock, rig, echo, circuit } = await build(hops);
    expect(circuit.path).toEqual(rig.relays.map(({ descriptor }) => descriptor.id));
    for (const length of [0, 1, 986, 987, 5000, 63_104]) {
      const body = seededRandom(length).bytes(length);
      const reply = await settled(clock, circuit.request(MessageKind.POST, body));
      expect(reply.kind).toBe(MessageKind.STORED);
      expect(reply.body).toEqual(body);
    }
    expect(echo.open[0]?.bind).toEqual(circuit.bind);
    expect(circuit.roundTrip).toBe(20 * hops);
    expect(rig.times.map(({ relay }) => relay)).toEqual(circuit.path);
    for (const { seconds, roundTrip } of rig.times) expect(Math.abs(clock.now() / 1000 - seconds)).toBeLessThan(5 + roundTrip);
    circuit.close();
    await until(clock, () => rig.relays.every(({ hop }) => hop.load().circuits === 0));
    expect(echo.ended.length).toBeGreaterThan(0);
    expect(inUse().layerKeys).toBe(before);
  });

  it.each([
    [3, 5, 3],
    [5, 3, 5],
    [5, 5, 5],
  ] as const)('are built at the suites that the descriptors offer: %i, %i, %i', async (...suites) => {
    const seen: number[] = [];
    for (const offered of [[3, 3, 3], suites] as const) {
      const { clock, rig, circuit } = await build(3, { suites: offered });
      const body = seededRandom(9).bytes(5000);
      let cells = 0;
      for (const relay of rig.relays) {
        relay.tamper = (cell) => {
          expect(cell.length).toBe(1024);
          cells++;
          return [cell];
        };
      }
      expect((await settled(clock, circuit.request(MessageKind.POST, body))).body).toEqual(body);
      seen.push(cells);
    }
    expect(seen[1]).toBe(seen[0]);
  });

  it('look alike to the relays on the way, whether those further on are of suite 3 or 5', async () => {
    const cellsAtGuard = async (suites: readonly (3 | 5)[]): Promise<number> => {
      const clock = new ManualClock();
      const rig = makeRig({ clock, random: seededRandom(seed), relays: 3, suites });
      const [guard] = rig.relays;
      if (guard === undefined) throw new Error('no guard');
      let cells = 0;
      guard.tamper = (cell) => {
        cells++;
        return [cell];
      };
      const link = await rig.dialGuard();
      const path = rig.relays.map(({ descriptor }) => descriptor);
      await settled(clock, rig.client.build(path, link, { delayClass: 0 }));
      return cells;
    };
    const [low, high] = [await cellsAtGuard([3, 3, 3]), await cellsAtGuard([3, 5, 5])];
    expect(low).toBeGreaterThan(8);
    expect(high).toBe(low);
  });

  it.each([
    [0, [5, 3, 3], [3, 3, 3]],
    [1, [3, 5, 3], [3, 3, 3]],
    [2, [3, 3, 5], [3, 3, 3]],
    [2, [3, 3, 3], [3, 3, 5]],
  ] as const)('are not built at relay %i when its key is of another suite than its descriptor offers', async (_at, suites, keySuites) => {
    const before = inUse().layerKeys;
    const clock = new ManualClock();
    const rig = makeRig({ clock, random: seededRandom(seed), relays: 3, suites, keySuites });
    const link = await rig.dialGuard();
    const path = rig.relays.map(({ descriptor }) => descriptor);
    await expect(settled(clock, rig.client.build(path, link, { delayClass: 0 }))).rejects.toThrow(/create-public-key/);
    await until(clock, () => rig.relays.every(({ hop }) => hop.load().circuits === 0));
    expect(inUse().layerKeys).toBe(before);
  });

  it('show each relay its neighbours only', async () => {
    const { rig, circuit, clock } = await build(3);
    await settled(clock, circuit.request(MessageKind.POST, utf8('hello')));
    const targets = rig.relays.map(({ events }) => events.filter(({ name }) => name === 'extend').map(({ fields }) => fields['relay']));
    expect(targets).toEqual([[circuit.path[1]], [circuit.path[2]], []]);
    const opened = rig.relays.map(
      ({ events }) => events.filter(({ name, fields }) => name === 'message' && fields['kind'] === MessageKind.POST).length,
    );
    expect(opened).toEqual([0, 0, 1]);
  });

  it('push many messages within the credit, in their order', async () => {
    const { clock, circuit } = await build(3);
    const got: number[] = [];
    circuit.onMessage = ({ kind, body }) => {
      expect(kind).toBe(MessageKind.BLOB);
      got.push(body[0] ?? -1);
    };
    void circuit.request(MessageKind.SUBSCRIBE, Uint8Array.of(250)).catch(() => undefined);
    await until(clock, () => got.length === 250);
    expect(got).toEqual(Array.from({ length: 250 }, (_, i) => i));
  });

  it('describe the neighbour', async () => {
    const clock = new ManualClock();
    const rig = makeRig({ clock, random: seededRandom(seed), relays: 1 });
    const link = await rig.dialGuard();
    expect(await settled(clock, rig.client.describe(link))).toEqual(utf8('descriptor of relay0'));
  });
});
