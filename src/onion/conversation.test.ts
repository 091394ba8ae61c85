import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { equal, integer, isRefusal, type Bytes } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { splitMessage } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { openCell, type OpenedCell } from './cell.ts';
import { MessageKind } from './circuit.ts';
import { ACK_DELAY, Conversation, type CellOut } from './conversation.ts';

beforeAll(initCryptoNode);
const seed = testSeed();

function opened(cell: Bytes): OpenedCell {
  const read = openCell(cell);
  if (isRefusal(read)) throw new Error(read.refused);
  return read;
}

/** Two ends and, between them, cells that arrive in any order within `spread` of the oldest. */
class Channel {
  readonly ends: readonly [Conversation, Conversation];
  readonly got: [number[], number[]] = [[], []];
  readonly flight: [CellOut[], CellOut[]] = [[], []];
  now = 0;
  rounds = 0;
  readonly #random;
  readonly #spread: number;

  constructor(window: number, spread: number, from: number) {
    this.ends = [new Conversation(window), new Conversation(window)];
    this.#random = seededRandom(from);
    this.#spread = spread;
  }

  /** Everything that may leave leaves; then one cell of each direction arrives, or time goes on to the next ACK. */
  step(): boolean {
    this.rounds++;
    const moved = [this.#leave(0), this.#leave(1), this.#arrive(0), this.#arrive(1)].some(Boolean);
    if (moved) return true;
    const next = Math.min(...this.ends.map(({ ackAt }) => ackAt ?? Infinity));
    if (next === Infinity) return false;
    this.now = Math.max(this.now + 1, next);
    return true;
  }

  #leave(from: 0 | 1): boolean {
    const end = this.ends[from];
    let any = false;
    for (let out = end.next(this.now); out !== undefined; out = end.next(this.now)) {
      this.flight[from].push(out);
      any = true;
      // ACK may exceed the window by 64; nothing else may exceed it at all.
      const isAck = opened(out.cell).kind === MessageKind.ACK;
      if (end.underWay > end.sendWindow + (isAck ? 64 : 0)) throw new Error(`${end.underWay} cells under way`);
    }
    return any;
  }

  #arrive(from: 0 | 1): boolean {
    const to = from === 0 ? 1 : 0;
    const waiting = this.flight[from];
    const oldest = Math.min(...waiting.map(({ counter }) => counter));
    const within = waiting.filter(({ counter }) => counter < oldest + this.#spread);
    const out = within[integer(this.#random, within.length)];
    if (out === undefined) return false;
    waiting.splice(waiting.indexOf(out), 1);
    const messages = this.ends[to].receive(out.counter, opened(out.cell), this.now);
    if (isRefusal(messages)) throw new Error(messages.refused);
    for (const { id, body, reply } of messages) {
      if (!equal(body, seededRandom(id).bytes(body.length))) throw new Error(`message ${id} has changed`);
      if (!reply) this.got[to].push(id);
    }
    return true;
  }
}

describe('a conversation', () => {
  it('brings every message, in order, whatever the order of cells, and never has more than the window under way', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(64, 128, 1024),
        fc.integer({ min: 1, max: 200 }),
        fc.nat(),
        fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 40 }),
        fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 40 }),
        (window, spread, from, there, back) => {
          const channel = new Channel(window, spread, from);
          there.forEach((length, id) => channel.ends[0].send(MessageKind.BLOB, seededRandom(id).bytes(length)));
          back.forEach((length, id) => channel.ends[1].send(MessageKind.BLOB, seededRandom(id).bytes(length)));
          while (channel.step()) if (channel.rounds > 50_000) throw new Error('it goes on for ever');
          expect(channel.got[1]).toEqual(there.map((_, id) => id));
          expect(channel.got[0]).toEqual(back.map((_, id) => id));
          expect(channel.ends.map(({ queued }) => queued)).toEqual([0, 0]);
        },
      ),
      { seed, numRuns: 60 },
    );
  });

  it('fills the window as it grows', () => {
    const channel = new Channel(512, 1, seed);
    for (let id = 0; id < 60; id++) channel.ends[0].send(MessageKind.BLOB, seededRandom(id).bytes(63_000));
    while (channel.step()) expect(channel.ends[0].sendWindow).toBeLessThanOrEqual(512);
    expect(channel.got[1]).toHaveLength(60);
    expect(channel.ends[0].sendWindow).toBe(512);
  });

  it('acknowledges after 200 ms what nothing else carries, and no acknowledgement by itself', () => {
    const [a, b] = [new Conversation(64), new Conversation(64)];
    a.send(MessageKind.PING, new Uint8Array(0));
    const ping = a.next(0);
    if (ping === undefined) throw new Error('PING did not leave');
    b.receive(ping.counter, opened(ping.cell), 0);
    expect(b.next(ACK_DELAY - 1)).toBeUndefined();
    expect(b.ackAt).toBe(ACK_DELAY);
    const ack = b.next(ACK_DELAY);
    if (ack === undefined) throw new Error('ACK did not leave');
    expect(opened(ack.cell)).toMatchObject({ kind: MessageKind.ACK, seen: 1 });
    a.receive(ack.counter, opened(ack.cell), ACK_DELAY);
    expect(a.ackAt).toBeUndefined();
    expect(a.next(1e9)).toBeUndefined();
  });

  it('says nothing of its own once muted', () => {
    const conversation = new Conversation(64);
    conversation.mute();
    for (let i = 0; i < 40; i++) conversation.receive(i, opened(one({ message: i })), 0);
    expect(conversation.next(1e9)).toBeUndefined();
  });

  const one = (fields: { message?: number; kind?: MessageKind; flags?: number; body?: number } = {}): Bytes => {
    const [cell] = splitMessage(
      { kind: fields.kind ?? MessageKind.BLOB, flags: fields.flags ?? 0, message: fields.message ?? 0 },
      0,
      new Uint8Array(fields.body ?? 10),
    );
    if (cell === undefined) throw new Error('no cell');
    return cell;
  };
  const parts = (message: number, count: number): OpenedCell[] =>
    splitMessage({ kind: MessageKind.BLOB, flags: 0, message }, 0, new Uint8Array(986 * count)).map(opened);
  const said = (result: ReturnType<Conversation['receive']>): string => (isRefusal(result) ? result.refused : 'taken');

  it('refuses a fifth incomplete message', () => {
    const conversation = new Conversation(64);
    for (let message = 0; message < 4; message++)
      expect(said(conversation.receive(message, parts(message, 2)[0] ?? opened(one()), 0))).toBe('taken');
    expect(said(conversation.receive(4, parts(4, 2)[0] ?? opened(one()), 0))).toBe('too-many-incomplete');
  });

  it('refuses parts that contradict each other, numbers that come twice and those far ahead', () => {
    const [first, second] = parts(0, 2);
    const [of4] = parts(0, 4);
    if (first === undefined || second === undefined || of4 === undefined) throw new Error('no parts');
    const twice = new Conversation(64);
    twice.receive(0, first, 0);
    expect(said(twice.receive(1, first, 0))).toBe('part-contradicts');
    const other = new Conversation(64);
    other.receive(0, first, 0);
    expect(said(other.receive(1, of4, 0))).toBe('part-contradicts');
    const again = new Conversation(64);
    again.receive(0, first, 0);
    again.receive(1, second, 0);
    expect(said(again.receive(2, opened(one({ message: 0 })), 0))).toBe('message-number');
    expect(said(new Conversation(64).receive(0, opened(one({ message: 5000 })), 0))).toBe('message-number');
  });

  it('refuses cells beyond the credit that it gave', () => {
    expect(said(new Conversation(64).receive(127, opened(one()), 0))).toBe('taken');
    expect(said(new Conversation(64).receive(128, opened(one()), 0))).toBe('too-far-ahead');
  });
});
