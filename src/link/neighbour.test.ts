import { describe, expect, it } from 'vitest';
import { concat, Counters, type Bytes, type Clock } from '../base/index.ts';
import { ManualClock } from '../base/testing.ts';
import { Recorder, testCell } from './contract.ts';
import { Neighbour, type Pipe } from './neighbour.ts';

/** Two ends joined by pipes that deliver at once. */
function ends(clocks: readonly [Clock, Clock]) {
  const handlers = [new Recorder(), new Recorder()] as const;
  const made: Neighbour[] = [];
  const pipe = (far: number): Pipe => ({ write: (cells) => (made[far]?.receive(cells), true), close: (why) => made[far]?.ended(why) });
  clocks.forEach((clock, i) =>
    made.push(
      new Neighbour({
        initiator: i === 0,
        remote: 'other:1',
        pipe: pipe(1 - i),
        handler: handlers[i] ?? handlers[0],
        clock,
        counters: new Counters(),
      }),
    ),
  );
  return { handlers, near: made[0] as Neighbour, far: made[1] as Neighbour };
}

/** A neighbour whose bytes a test hands in, and whose writes it takes. */
function one(write: (cells: Bytes) => boolean) {
  const handler = new Recorder();
  const pipe: Pipe = { write, close: () => undefined };
  return {
    handler,
    link: new Neighbour({ initiator: true, remote: 'other:1', pipe, handler, clock: new ManualClock(), counters: new Counters() }),
  };
}

describe('a neighbour', () => {
  it('whose timers a hidden tab holds back is kept alive by answering the other’s heartbeat', async () => {
    const clock = new ManualClock();
    const { near, far, handlers } = ends([{ now: () => clock.now(), after: () => () => undefined }, clock]);
    await clock.advance(300_000);
    expect([near.closed, far.closed, handlers[1].closings]).toEqual([false, false, []]);
  });

  it('cuts cells out of what comes, however it comes', () => {
    const cells = [0, 1, 2].map((i) => testCell(5, i));
    for (const size of [1, 7, 1023, 1024, 1025, 3072]) {
      const { handler, link } = one(() => true);
      const bytes = Buffer.from(concat(...cells));
      for (let at = 0; at < bytes.length; at += size) link.receive(bytes.subarray(at, at + size));
      bytes.fill(0);
      expect(handler.cells.map(({ cell }) => cell)).toEqual(cells);
    }
  });

  it('joins cells into larger writes, holds back while the pipe is full, and goes on when it drains', async () => {
    const writes: number[] = [];
    let free = true;
    const { link } = one((cells) => (writes.push(cells.length / 1024), free));
    for (let i = 0; i < 150; i++) link.send(testCell(1, i));
    await Promise.resolve();
    expect([writes, link.queued]).toEqual([[64, 64, 22], 0]);
    free = false;
    for (let i = 0; i < 100; i++) link.send(testCell(1, i));
    await Promise.resolve();
    expect([writes.slice(3), link.queued]).toEqual([[64], 36]);
    free = true;
    link.drained();
    expect([writes.slice(4), link.queued]).toEqual([[36], 0]);
  });

  it('closes when its pipe breaks', async () => {
    const { handler, link } = one(() => {
      throw new Error('broken');
    });
    link.send(testCell(1, 1));
    await Promise.resolve();
    expect([link.closed, handler.closings]).toEqual([true, [{ link, why: 'broken' }]]);
  });
});
