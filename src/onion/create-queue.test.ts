import { describe, expect, it } from 'vitest';
import { ManualClock } from '../base/testing.ts';
import type { CellLink } from '../link/index.ts';
import { CreateQueue } from './create-queue.ts';

const link = (remote: string): CellLink => ({
  initiator: true,
  remote,
  closed: false,
  queued: 0,
  send: () => undefined,
  sendControl: () => undefined,
  close: () => undefined,
});

const [ana, ben, relay] = [link('ana'), link('ben'), link('relay')];
const bytes = new Uint8Array(1);

function queue(inUse: (link: CellLink) => number = () => 0) {
  const clock = new ManualClock();
  const run: string[] = [];
  const waits = new CreateQueue({ clock, perSecond: 10, burst: 2, inUse, run: (from, id) => run.push(`${from.remote} ${id}`) });
  return { clock, run, waits };
}

describe('CREATEs', () => {
  it('are answered at once while tokens are left, then so many a second', async () => {
    const { clock, run, waits } = queue();
    for (let id = 1; id <= 30; id++) waits.add(ana, id, bytes);
    expect(run).toEqual(['ana 1', 'ana 2']);
    await clock.advance(1_000);
    expect(run.length).toBe(12);
    await clock.advance(10_000);
    expect(run.length).toBe(30);
    expect(waits.waiting(ana)).toBe(0);
  });

  it('of one link wait for their own kind, not others for them', async () => {
    const { clock, run, waits } = queue();
    for (let id = 1; id <= 100; id++) waits.add(ana, id, bytes);
    waits.add(ben, 7, bytes);
    await clock.advance(200);
    expect(run).toEqual(['ana 1', 'ana 2', 'ana 3', 'ben 7']);
  });

  it('of a link whose circuits are in use come several at a time', async () => {
    const { clock, run, waits } = queue((from) => (from === relay ? 3 : 0));
    for (let id = 1; id <= 10; id++) for (const from of [ana, relay]) waits.add(from, id, bytes);
    await clock.advance(1_000);
    expect(run.filter((one) => one.startsWith('relay')).length).toBeGreaterThanOrEqual(8);
    expect(run.filter((one) => one.startsWith('ana')).length).toBeGreaterThanOrEqual(2);
  });

  it('that are withdrawn, or whose link has closed, cost nothing', async () => {
    const { clock, run, waits } = queue();
    for (let id = 1; id <= 4; id++) for (const from of [ana, ben]) waits.add(from, id, bytes);
    expect(waits.has(ben, 3)).toBe(true);
    expect(waits.withdraw(ben, 3)).toBe(true);
    expect(waits.withdraw(ben, 3)).toBe(false);
    waits.forget(ana);
    await clock.advance(5_000);
    expect(run.filter((one) => one.startsWith('ana')).length).toBe(1);
    expect(run.filter((one) => one.startsWith('ben'))).toEqual(['ben 1', 'ben 2', 'ben 4']);
    waits.add(ana, 9, bytes);
    expect(run.at(-1)).toBe('ana 9');
  });
});
