import { beforeAll, describe, expect, it } from 'vitest';
import { idBytes, isRefusal, relayId, type Bytes } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { createHop, encipherLayers, inUse, OnionKey, sha256, splitMessage, type Hop as Keys } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import type { Descriptor } from '../directory/index.ts';
import { ControlType, type CellLink } from '../link/index.ts';
import { openCell, setHeader } from './cell.ts';
import { MessageKind } from './circuit.ts';
import { BuildFailed, CircuitClient } from './client.ts';
import { Hop } from './hop.ts';
import {
  decodeDestroy,
  decodeExtend,
  decodeParamsBack,
  decodeParamsOut,
  decodeRefused,
  encodeExtend,
  encodeParamsBack,
  encodeParamsOut,
  encodeRefused,
} from './layouts.ts';

beforeAll(initCryptoNode);
const seed = testSeed();

/** A link that only writes down what is sent. */
class Recorder implements CellLink {
  readonly initiator: boolean;
  readonly remote = 'recorder:0';
  readonly queued = 0;
  closed = false;
  readonly cells: Bytes[] = [];
  readonly controls: { type: ControlType; circuit: number; payload: Bytes }[] = [];

  constructor(initiator: boolean) {
    this.initiator = initiator;
  }

  send(cell: Uint8Array): void {
    this.cells.push(cell.slice());
  }

  sendControl(type: ControlType, circuit: number, payload: Uint8Array): void {
    this.controls.push({ type, circuit, payload: payload.slice() });
  }

  close(): void {
    this.closed = true;
  }
}

const relay = sha256(Uint8Array.of(1));

/** `next`: the link to whichever relay it is asked to extend to. */
function makeHop(suite: 3 | 5 = 3, next?: Recorder): { hop: Hop; link: Recorder; key: OnionKey; keyId: Bytes } {
  const probe = new OnionKey(relay, new Uint8Array(8), new Uint8Array(32).fill(3), suite);
  const keyId = sha256(probe.publicKey).slice(0, 8);
  const key = new OnionKey(relay, keyId, new Uint8Array(32).fill(3), suite);
  probe.wipe();
  const clock = new ManualClock();
  const hop = new Hop({
    self: relayId(relay),
    clock,
    random: seededRandom(seed),
    exits: [],
    descriptor: () => new Uint8Array(1),
    addressesOf: () => (next === undefined ? undefined : ['/memory/next']),
    onionKey: (id) => (id.every((byte, i) => byte === keyId[i]) ? key : undefined),
    networkTime: () => 1_800_000_000,
    dial: () => (next === undefined ? Promise.reject(new Error('nobody')) : Promise.resolve(next)),
    sink: { pass: (_mean, send) => send() },
    limits: { circuits: 1e6, circuitsPerLink: 1e6, halfBuiltPerLink: 1e6, createsAtOnce: 1e6 },
  });
  const link = new Recorder(false);
  hop.opened(link);
  return { hop, link, key, keyId };
}

function attemptFor(key: OnionKey, keyId: Bytes): Exclude<ReturnType<typeof createHop>, { refused: string }> {
  const attempt = createHop({ relay, keyId, onionKey: key.publicKey }, encodeParamsOut({ delayClass: 0 }), seededRandom(9));
  if (isRefusal(attempt)) throw new Error(attempt.refused);
  return attempt;
}

/** Every frame with one bit wrong, every shorter one, and some longer. */
function* damaged(frame: Bytes): Generator<Bytes> {
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const flipped = frame.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield flipped;
  }
  for (let length = 0; length < frame.length; length++) yield frame.slice(0, length);
  for (const extra of [1, 7, 1000]) {
    const grown = new Uint8Array(frame.length + extra);
    grown.set(frame);
    yield grown;
  }
}

const total = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

describe('every frame with one bit wrong, cut or grown is refused and counted', () => {
  it('CREATE', () => {
    const { hop, link, key, keyId } = makeHop();
    const attempt = attemptFor(key, keyId);
    const layers = inUse().layerKeys;
    let tried = 0;
    for (const frame of damaged(attempt.create)) {
      tried++;
      hop.control(link, ControlType.CREATE, tried, frame);
      expect(link.controls.pop()?.type).toBe(ControlType.DESTROY);
    }
    expect(hop.load().circuits).toBe(0);
    expect(total(hop.counters.all())).toBe(tried);
    expect(inUse().layerKeys).toBe(layers);
    hop.control(link, ControlType.CREATE, 1, attempt.create);
    expect(link.controls.pop()?.type).toBe(ControlType.CREATED);
    attempt.wipe();
    hop.stop();
  });

  it('CREATE of another suite than the key that it names', () => {
    for (const [own, other, word] of [
      [5, 3, 'create-length'],
      [3, 5, 'create-length'],
    ] as const) {
      const { hop, link, keyId } = makeHop(own);
      const target = { relay, keyId, onionKey: new OnionKey(relay, keyId, new Uint8Array(32).fill(3), other).publicKey, suite: other };
      const attempt = createHop(target, encodeParamsOut({ delayClass: 0 }), seededRandom(9));
      if (isRefusal(attempt)) throw new Error(attempt.refused);
      hop.control(link, ControlType.CREATE, 1, attempt.create);
      expect(link.controls.pop()).toMatchObject({ type: ControlType.DESTROY, payload: Uint8Array.of(6) });
      expect(hop.counters.all()).toEqual({ [word]: 1 });
      attempt.wipe();
      hop.stop();
    }
  });

  it('CREATED, handed on, of another suite than the CREATE that it answers', async () => {
    for (const [asked, answered] of [
      [3274, 1184],
      [2410, 1664],
    ] as const) {
      const next = new Recorder(true);
      const { hop, link, key, keyId } = makeHop(3, next);
      hop.opened(next);
      const attempt = attemptFor(key, keyId);
      hop.control(link, ControlType.CREATE, 1, attempt.create);
      const keys = attempt.finish(link.controls.pop()?.payload ?? new Uint8Array(0));
      if (isRefusal(keys)) throw new Error(keys.refused);
      const extend = encodeExtend({ relay: relayId(sha256(Uint8Array.of(2))), create: new Uint8Array(asked) });
      const cells = splitMessage({ kind: MessageKind.EXTEND, flags: 0, message: 0 }, 0, extend);
      expect(cells).toHaveLength(4);
      for (const [counter, cell] of cells.entries()) {
        encipherLayers(cell, [keys.forward], [counter]);
        setHeader(cell, 1, counter);
        hop.cell(link, 1, counter, cell);
      }
      await Promise.resolve();
      const create = next.controls.pop();
      expect(create).toMatchObject({ type: ControlType.CREATE });
      expect(create?.payload).toHaveLength(asked);
      hop.control(next, ControlType.CREATED, create?.circuit ?? 0, new Uint8Array(answered));
      expect(hop.counters.get('created-length')).toBe(1);
      expect([next.controls.pop()?.type, link.controls.pop()?.type]).toEqual([ControlType.DESTROY, ControlType.DESTROY]);
      expect(hop.load().circuits).toBe(0);
      hop.stop();
    }
  });

  it('CREATED', async () => {
    const { hop, link, key } = makeHop();
    const clock = new ManualClock();
    const client = new CircuitClient({ clock, random: seededRandom(seed) });
    const near = new Recorder(true);
    client.opened(near);
    const descriptor: Descriptor = {
      id: relayId(relay),
      keyset: new Uint8Array(1984),
      addresses: [],
      suite: 3,
      onionKey: key.publicKey,
      roles: { guard: true, middle: true, mailbox: true },
      family: '',
      delayClasses: [],
      validFrom: 0,
      validUntil: 2 ** 32,
      version: '',
      signed: new Uint8Array(1),
    };
    const handles = inUse();
    let tried = 0;
    // Each attempt has its own CREATED, so each bit is flipped in one of its own.
    const frames = [...damaged(new Uint8Array(1184))];
    for (const difference of frames) {
      const building = client.build([descriptor], near).then(
        () => 'built',
        (error: unknown) => error,
      );
      const sent = near.controls.pop();
      if (sent === undefined) throw new Error('no CREATE');
      hop.control(link, ControlType.CREATE, ++tried, sent.payload);
      const created = link.controls.pop()?.payload ?? new Uint8Array(0);
      const wrong = new Uint8Array(difference.length).map((_, i) => (created[i] ?? 0) ^ (difference[i] ?? 0));
      client.control(near, ControlType.CREATED, sent.circuit, wrong);
      expect(await building).toBeInstanceOf(BuildFailed);
      expect(near.controls.pop()?.type).toBe(ControlType.DESTROY);
      hop.control(link, ControlType.DESTROY, tried, Uint8Array.of(1));
    }
    expect(total(client.counters.all())).toBe(tried);
    expect(inUse()).toEqual(handles);
  }, 120_000);

  it('a cell at the last hop: each bit of header and body, and the same cell again', () => {
    const { hop, link, key, keyId } = makeHop();
    const clientLayers: Keys[] = [];
    const open = (id: number): Keys => {
      const attempt = attemptFor(key, keyId);
      hop.control(link, ControlType.CREATE, id, attempt.create);
      const keys = attempt.finish(link.controls.pop()?.payload ?? new Uint8Array(0));
      if (isRefusal(keys)) throw new Error(keys.refused);
      clientLayers.push(keys);
      return keys;
    };
    const ping = (id: number, keys: Keys): Bytes => {
      const [cell] = splitMessage({ kind: MessageKind.PING, flags: 0, message: 0 }, 0, new Uint8Array(0));
      if (cell === undefined) throw new Error('no cell');
      encipherLayers(cell, [keys.forward], [0]);
      setHeader(cell, id, 0);
      return cell;
    };
    const give = (cell: Bytes): void => {
      const view = new DataView(cell.buffer);
      hop.cell(link, view.getUint32(0), view.getUint32(4), cell);
    };
    for (let bit = 0; bit < 1024 * 8; bit++) {
      const id = 0x100_0000 + bit;
      const keys = open(id);
      const cell = ping(id, keys);
      cell[bit >> 3] = (cell[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const before = total(hop.counters.all());
      give(cell);
      expect(total(hop.counters.all())).toBe(before + 1);
      expect(link.cells).toHaveLength(0);
      hop.control(link, ControlType.DESTROY, id, Uint8Array.of(1));
      keys.forward.wipe();
      keys.backward.wipe();
    }
    const keys = open(1);
    const cell = ping(1, keys);
    give(cell.slice());
    expect(link.cells).toHaveLength(1);
    give(cell);
    expect(hop.counters.get('repeated')).toBe(1);
    expect(hop.load().circuits).toBe(0);
  }, 120_000);

  it('an opened cell: each bit of its fields that has no meaning', () => {
    const [cell] = splitMessage({ kind: MessageKind.PING, flags: 0, message: 0 }, 0, new Uint8Array(3));
    if (cell === undefined) throw new Error('no cell');
    // Zeros, flags beyond bit 0, and what lies behind the data.
    const meaningless = [
      ...Array.from({ length: 16 }, (_, i) => [8 + i, 0xff] as const),
      [27, 0xfe] as const,
      ...Array.from({ length: 983 }, (_, i) => [41 + i, 0xff] as const),
    ];
    for (const [at, mask] of meaningless) {
      for (let bit = 0; bit < 8; bit++) {
        if ((mask & (1 << bit)) === 0) continue;
        const wrong = cell.slice();
        wrong[at] = (wrong[at] ?? 0) ^ (1 << bit);
        expect(openCell(wrong)).toHaveProperty('refused');
      }
    }
    for (const [at, value] of [
      [24, 77],
      [25, 1],
      [26, 3],
      [26, 0],
      [26, 128],
      [36, 4],
    ] as const) {
      const wrong = cell.slice();
      wrong[at] = value;
      expect(openCell(wrong)).toHaveProperty('refused');
    }
    expect(openCell(cell)).not.toHaveProperty('refused');
  });

  it('params, EXTEND, REFUSED and DESTROY', () => {
    const out = encodeParamsOut({ delayClass: 2 });
    expect(decodeParamsOut(out)).toEqual({ delayClass: 2 });
    const back = encodeParamsBack({ time: 1_800_000_000, window: 512 });
    expect(decodeParamsBack(back)).toEqual({ time: 1_800_000_000, window: 512 });
    const extend = { relay: relayId(relay), create: new Uint8Array(2410).fill(7), suite: 3 };
    expect(decodeExtend(encodeExtend(extend))).toEqual(extend);
    const higher = { relay: relayId(relay), create: new Uint8Array(3274).fill(7), suite: 5 };
    expect(decodeExtend(encodeExtend(higher))).toEqual(higher);
    // Suite 1 is on no circuit.
    expect(decodeExtend(encodeExtend({ ...extend, create: new Uint8Array(1706) }))).toMatchObject({ refused: 'extend' });
    expect(decodeRefused(encodeRefused({ code: 4, retryAfter: 77 }))).toEqual({ code: 4, retryAfter: 77 });
    // No two byte strings mean the same: what is accepted encodes to itself.
    const same = (frame: Bytes, decoded: unknown, again: () => Bytes): void => {
      if (!isRefusal(decoded)) expect(again()).toEqual(frame);
    };
    for (const frame of damaged(out)) {
      const decoded = decodeParamsOut(frame);
      same(frame, decoded, () => (isRefusal(decoded) ? frame : encodeParamsOut(decoded)));
    }
    for (const frame of damaged(back)) {
      const decoded = decodeParamsBack(frame);
      same(frame, decoded, () => (isRefusal(decoded) ? frame : encodeParamsBack(decoded)));
    }
    for (const frame of damaged(encodeExtend(extend))) expect(isRefusal(decodeExtend(frame))).toBe(frame.length !== 2442);
    for (const frame of damaged(encodeExtend(higher))) expect(isRefusal(decodeExtend(frame))).toBe(![2442, 3306].includes(frame.length));
    for (const frame of damaged(encodeRefused({ code: 4, retryAfter: 77 })))
      expect(isRefusal(decodeRefused(frame))).toBe(frame.length !== 5);
    for (let reason = 0; reason < 256; reason++) expect(isRefusal(decodeDestroy(Uint8Array.of(reason)))).toBe(reason > 6);
    expect(decodeDestroy(new Uint8Array(0))).toHaveProperty('refused');
    expect(decodeDestroy(new Uint8Array(2))).toHaveProperty('refused');
    expect(idBytes(extend.relay)).toEqual(relay);
  });
});
