import { describe, expect, it } from 'vitest';
import { relayId, type RelayId } from '../base/index.ts';
import { ManualClock, seededRandom, settle, testSeed } from '../base/testing.ts';
import { Guards } from '../directory/index.ts';
import { FELL_SILENT, type CellLink, type LinkHandler } from '../link/index.ts';
import { GuardLinks } from './guard-links.ts';

const seed = testSeed();
const ids = [1, 2, 3].map((n) => relayId(new Uint8Array(32).fill(n)));
const quiet: LinkHandler = { opened: () => undefined, cell: () => undefined, control: () => undefined, closed: () => undefined };

/** Three guards, of which those in `down` do not answer a dial at all. */
function setUp() {
  const clock = new ManualClock();
  const guards = new Guards(clock, seededRandom(seed), []);
  guards.refresh(ids.map((id) => ({ id, addresses: [id] })));
  const down = new Set<string>();
  const dialled: string[] = [];
  const back: RelayId[] = [];
  const links = new GuardLinks({
    clock,
    guards,
    addresses: (guard) => [guard],
    dial: ([address = ''], signal) => {
      dialled.push(address);
      if (!down.has(address)) return Promise.resolve({ closed: false } as CellLink);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));
    },
    back: (guard) => void back.push(guard),
    silent: () => undefined,
  });
  const [first, second, third] = guards.state().map(({ id }) => id) as [RelayId, RelayId, RelayId];
  return { clock, guards, down, dialled, back, links, first, second, third };
}

describe('links to guards', () => {
  it('give up on one that does not answer after 4 s while there is another, and ask it again until it does', async () => {
    const { clock, guards, down, back, links, first, second, dialled } = setUp();
    down.add(first);
    let failed = false;
    links.dial(first).catch(() => (failed = true));
    await clock.advance(3_900);
    expect(failed).toBe(false);
    await clock.advance(200);
    expect(failed).toBe(true);
    expect(guards.pick()?.id).toBe(second);
    await clock.advance(300_000);
    // 10 s, 20 s, 40 s … after each other: it costs next to nothing.
    expect(dialled.length).toBeGreaterThan(3);
    expect(dialled.length).toBeLessThan(8);
    down.clear();
    await clock.advance(600_000);
    expect(back).toEqual([first]);
    expect(guards.pick()?.id).toBe(first);
  });

  it('pass over one whose link fell silent, before whoever used it hears of the link’s end; one that was reset is dialled first', async () => {
    const { guards, links, first, second } = setUp();
    const picked: (RelayId | undefined)[] = [];
    const handler = links.around({ ...quiet, closed: () => void picked.push(guards.pick()?.id) });
    handler.closed(await links.dial(first), 'the connection ended');
    handler.closed(await links.dial(first), FELL_SILENT);
    expect(picked).toEqual([first, second]);
  });

  it('are patient with the last that could answer', async () => {
    const { clock, down, links, first, second, third } = setUp();
    for (const id of [first, second, third]) down.add(id);
    links.failed(first);
    links.failed(second);
    let failed = false;
    links.dial(third).catch(() => (failed = true));
    await clock.advance(9_000);
    expect(failed).toBe(false);
    await clock.advance(4_000);
    expect(failed).toBe(true);
  });

  it('ask nobody any more once they are stopped', async () => {
    const { clock, links, first, dialled } = setUp();
    links.failed(first);
    links.stop();
    await clock.advance(3_600_000);
    await settle();
    expect(dialled).toEqual([]);
  });
});
