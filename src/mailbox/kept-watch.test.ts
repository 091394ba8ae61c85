import { describe, expect, it } from 'vitest';
import { hash, topicId, type TopicId } from '../base/index.ts';
import { ManualClock } from '../base/testing.ts';
import { KeptWatch } from './kept-watch.ts';

const topic = topicId(new Uint8Array(32).fill(1));
const h = (n: number) => hash(new Uint8Array(32).fill(n));
const at = (cursor: number, instance = 7) => ({ instance, cursor: BigInt(cursor) });

function watch(isFollowed = true) {
  const clock = new ManualClock();
  const caught: TopicId[] = [];
  return { clock, caught, kept: new KeptWatch({ clock, isFollowed: () => isFollowed, notKept: (of) => caught.push(of) }) };
}

describe('whether a mailbox keeps what it says it stored', () => {
  it('is well when the blob comes back, before the answer or after it', async () => {
    const { clock, caught, kept } = watch();
    kept.posting(topic, h(1));
    kept.posting(topic, h(2));
    kept.blob(topic, at(1), h(1));
    kept.stored(topic, h(1), at(1), at(1));
    kept.stored(topic, h(2), at(2), at(1));
    expect(kept.isWatching(topic)).toBe(true);
    kept.blob(topic, at(2), h(2));
    expect(kept.isWatching(topic)).toBe(false);
    kept.blob(topic, at(3), h(3));
    kept.caughtUp(topic, at(3));
    await clock.advance(600_000);
    expect(caught).toEqual([]);
  });

  it('is not when it goes on without it', () => {
    for (const goOn of [
      (kept: KeptWatch) => kept.blob(topic, at(3), h(3)),
      (kept: KeptWatch) => kept.blob(topic, at(2), h(9)),
      (kept: KeptWatch) => kept.caughtUp(topic, at(2)),
      (kept: KeptWatch) => kept.caughtUp(topic, at(1, 8)),
    ]) {
      const { caught, kept } = watch();
      kept.posting(topic, h(2));
      kept.stored(topic, h(2), at(2), at(1));
      kept.blob(topic, at(1), h(1));
      expect(caught).toEqual([]);
      goOn(kept);
      expect(caught).toEqual([topic]);
      expect(kept.isWatching(topic)).toBe(false);
    }
  });

  it('is not when nothing comes for a minute on a circuit that stands; without one nobody can tell', async () => {
    const followed = watch();
    followed.kept.posting(topic, h(1));
    followed.kept.stored(topic, h(1), at(1), undefined);
    await followed.clock.advance(59_000);
    expect(followed.caught).toEqual([]);
    await followed.clock.advance(2_000);
    expect(followed.caught).toEqual([topic]);
    const alone = watch(false);
    alone.kept.posting(topic, h(1));
    alone.kept.stored(topic, h(1), at(1), undefined);
    await alone.clock.advance(600_000);
    expect(alone.caught).toEqual([]);
  });

  it('holds one timer, however much waits, and lets be what nobody here has read for ten minutes', async () => {
    const clock = new ManualClock();
    const caught: TopicId[] = [];
    const kept = new KeptWatch({ clock, isFollowed: () => false, notKept: (of) => caught.push(of) });
    for (let i = 0; i < 100; i++) {
      kept.posting(topic, h(i));
      kept.stored(topic, h(i), at(i + 1), undefined);
      expect(clock.pending).toBe(1);
      await clock.advance(1_000);
    }
    expect(kept.isWatching(topic)).toBe(true);
    await clock.advance(601_000);
    expect({ watching: kept.isWatching(topic), timers: clock.pending, caught }).toEqual({ watching: false, timers: 0, caught: [] });

    kept.posting(topic, h(1));
    kept.stored(topic, h(1), at(101), undefined);
    expect(clock.pending).toBe(1);
    kept.stop();
    expect({ watching: kept.isWatching(topic), timers: clock.pending }).toEqual({ watching: false, timers: 0 });
  });

  it('says nothing of what was posted once more and read long ago, or refused', () => {
    const { caught, kept } = watch();
    kept.posting(topic, h(1));
    kept.stored(topic, h(1), at(1), at(5));
    kept.posting(topic, h(2));
    kept.forget(topic, h(2));
    kept.blob(topic, at(9), h(9));
    expect(caught).toEqual([]);
    expect(kept.isWatching(topic)).toBe(false);
  });
});
