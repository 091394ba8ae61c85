import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, concat, fromUtf8, hash, isRefusal, utf8, type Bytes } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { sha256 } from '../crypto/index.ts';
import { NOTHING, type Accepted, type Replica } from './replica.ts';
import { ada, altered, bo, bodyOf, contents, cy, DAY, fieldsOf, hashOf, NOW, replicaOf, rightsOf, signBody } from './replica-testing.ts';
import { clientOf, openDocument, pushEntries } from './append.ts';
import { UPDATE_BYTES } from './update.ts';

const seed = testSeed();
const rights = rightsOf();

const accepted = (result: ReturnType<Replica['accept']>): Accepted => {
  if (isRefusal(result) || 'waiting' in result) throw new Error(JSON.stringify(result));
  return result;
};

/** Updates of one device, one entry each. */
function written(persona: typeof ada, count: number, from = 0, every = 1000): Bytes[] {
  const replica = replicaOf(persona);
  return Array.from({ length: count }, (_, i) => replica.append(utf8(`${from + i}`), NOW + (from + i) * every).update);
}

const texts = (replica: Replica): string[] => [...replica.entries()].map(({ entry }) => fromUtf8(entry));

describe('writing and reading', () => {
  it('appends, and another accepts, in order', () => {
    const mine = replicaOf(ada);
    const theirs = replicaOf(bo);
    for (let i = 0; i < 3; i++) {
      const { update, record } = mine.append(utf8(`hello ${i}`), NOW);
      expect(record.id).toBe(`${ada.device}/0/${i}`);
      expect(accepted(theirs.accept(update, rights))).toMatchObject({
        entries: [record],
        head: { device: ada.device, segment: 0, seq: i },
      });
    }
    expect(contents(theirs)).toEqual(contents(mine));
    expect(theirs.heads()).toEqual(mine.heads());
  });

  it('takes a batch as one update', () => {
    const { update, records } = replicaOf(ada).append([utf8('a'), utf8('b'), utf8('c')], NOW);
    expect(accepted(replicaOf(bo).accept(update, rights)).entries).toEqual(records);
    expect(records.map(({ position }) => position)).toEqual([0, 1, 2]);
  });

  it('writes after everything it has seen, and at most five minutes ahead of its own clock', () => {
    const late = replicaOf(ada);
    const { update, record } = late.append(utf8('from a fast clock'), NOW + 60_000);
    const mine = replicaOf(bo);
    mine.accept(update, rights);
    expect(mine.append(utf8('after it'), NOW).record.hlc).toBe(record.hlc + 1n);
    const wild = replicaOf(cy).append(utf8('from a wild clock'), NOW + DAY);
    accepted(mine.accept(wild.update, rights));
    expect(mine.append(utf8('not carried away'), NOW).record.hlc).toBeLessThan((BigInt(NOW + 5 * 60_000 + 1) << 16n) + 2n);
  });

  it('opens a segment on each new UTC day, and when one is full', () => {
    const mine = replicaOf(ada);
    mine.append(utf8('today'), NOW);
    expect(mine.append(utf8('tomorrow'), NOW + DAY).record).toMatchObject({ segment: 1, position: 0 });
    for (let i = 1; i < 1024; i += 31) mine.append(Array.from({ length: 31 }, () => utf8('x')).slice(0, 1024 - i), NOW + DAY + i);
    expect(mine.append(utf8('full'), NOW + DAY + 5000).record).toMatchObject({ segment: 2, position: 0 });
  });

  it('refuses a caller who writes too much at once, and stays as it was', () => {
    const mine = replicaOf(ada);
    expect(() => mine.append([], NOW)).toThrow(RangeError);
    expect(() => mine.append(new Uint8Array(UPDATE_BYTES), NOW)).toThrow(RangeError);
    const { update } = mine.append(new Uint8Array(UPDATE_BYTES - 600), NOW);
    expect(update.length).toBeLessThanOrEqual(UPDATE_BYTES);
    expect(isRefusal(replicaOf(bo).accept(update, rights))).toBe(false);
    const many = mine.append(
      Array.from({ length: 1000 }, (_, i) => new Uint8Array(38).fill(i)),
      NOW,
    );
    expect(many.update.length).toBeLessThanOrEqual(UPDATE_BYTES);
  });
});

describe('order of arrival', () => {
  it('converges whatever the order, with repeats and new days', () => {
    const updates = [...written(ada, 12, 0, DAY / 4), ...written(bo, 6)];
    const whole = replicaOf(cy);
    for (const update of updates) accepted(whole.accept(update, rights));
    fc.assert(
      fc.property(fc.shuffledSubarray([...updates, ...updates], { minLength: 36 }), (order) => {
        const replica = replicaOf(cy);
        // What a newcomer's first update is decides where its history may begin, so the first of each device comes first.
        for (const first of [updates[0], updates[12]]) if (first !== undefined) replica.accept(first, rights);
        const told: string[] = [];
        for (const update of order) {
          const result = replica.accept(update, rights);
          if (isRefusal(result)) expect(result.refused).toBe('repeated');
          else if ('entries' in result) told.push(...result.entries.map(({ id }) => id));
        }
        expect(contents(replica)).toEqual(contents(whole));
        expect(replica.heads()).toEqual(whole.heads());
        expect(told.length).toBe(16);
      }),
      { seed, numRuns: 15 },
    );
  }, 120_000);

  it('joins segments in whatever order they come to a newcomer', () => {
    const updates = written(ada, 9, 0, DAY / 3);
    const bySegment = [0, 1, 2, 3]
      .map((segment) => updates.filter((update) => fieldsOf(update).segment === segment))
      .filter((all) => all.length > 0);
    expect(bySegment.length).toBeGreaterThan(2);
    const newcomer = replicaOf(bo);
    for (const segment of bySegment.toReversed()) for (const update of segment) accepted(newcomer.accept(update, rights));
    const member = replicaOf(bo);
    for (const update of updates) member.accept(update, rights);
    expect(contents(newcomer)).toEqual(contents(member));
    expect(newcomer.heads()).toEqual(member.heads());
    expect(newcomer.gaps(member.heads())).toBe(false);
  });

  it('says, by its head, that an earlier segment is unfinished', () => {
    const updates = written(ada, 6, 0, DAY / 3);
    const second = updates.findIndex((update) => fieldsOf(update).segment === 1);
    const newcomer = replicaOf(bo);
    for (const update of updates.slice(second)) accepted(newcomer.accept(update, rights));
    accepted(newcomer.accept(updates[0] ?? new Uint8Array(), rights));
    expect(newcomer.heads()).toMatchObject([{ segment: 0, seq: 0 }]);
    const member = replicaOf(cy);
    for (const update of updates) member.accept(update, rights);
    expect(newcomer.gaps(member.heads())).toBe(true);
    for (const update of member.missing(newcomer.heads())) newcomer.accept(update, rights);
    expect(newcomer.heads()).toEqual(member.heads());
    expect(contents(newcomer)).toEqual(contents(member));
  });

  it('bounds what waits', () => {
    const updates = written(ada, 260);
    const replica = replicaOf(bo);
    const results = updates.slice(1).map((update) => replica.accept(update, rights));
    expect(results.filter((result) => 'waiting' in result).length).toBe(256);
    expect(results.at(-1)).toMatchObject({ refused: 'too-many-waiting' });
    expect(accepted(replica.accept(updates[0] ?? new Uint8Array(), rights)).entries.length).toBe(257);
  });
});

describe('catching up', () => {
  it('hands over what is missing, and nothing else', () => {
    const full = replicaOf(cy);
    for (const update of [...written(ada, 8, 0, DAY / 2), ...written(bo, 3)]) full.accept(update, rights);
    fc.assert(
      fc.property(fc.nat(8), fc.nat(3), (a, b) => {
        const other = replicaOf(cy);
        for (const update of [...written(ada, 8, 0, DAY / 2).slice(0, a), ...written(bo, 3).slice(0, b)]) other.accept(update, rights);
        expect(other.gaps(full.heads())).toBe(a < 8 || b < 3);
        const missing = full.missing(other.heads());
        expect(missing.length).toBe(11 - a - b);
        for (const update of missing) accepted(other.accept(update, rights));
        expect(contents(other)).toEqual(contents(full));
        expect(full.gaps(other.heads())).toBe(false);
      }),
      { seed, numRuns: 10 },
    );
  }, 120_000);

  it('gives a newcomer whole segments that are young enough', () => {
    const full = replicaOf(bo);
    for (const update of written(ada, 10, 0, DAY)) full.accept(update, rights);
    const newcomer = replicaOf(cy);
    for (const update of full.missing(newcomer.heads(), NOW + 7 * DAY)) accepted(newcomer.accept(update, rights));
    expect(texts(newcomer)).toEqual(['7', '8', '9']);
    expect(newcomer.heads()).toEqual(full.heads());
    expect(full.missing(newcomer.heads(), NOW + 7 * DAY)).toEqual([]);
  });

  it('comes back from its own store, whatever the order of the records, and goes on', () => {
    const mine = replicaOf(ada);
    for (let i = 0; i < 5; i++) mine.append(utf8(`${i}`), NOW + i * DAY);
    for (const update of written(bo, 4)) mine.accept(update, rights);
    const { put } = mine.drain();
    expect(put.length).toBe(9);
    expect(put.every(([key]) => key.startsWith('u/'))).toBe(true);
    expect(mine.drain()).toEqual({ put: [], delete: [] });
    const again = replicaOf(ada, put.toReversed());
    expect(contents(again)).toEqual(contents(mine));
    expect(again.heads()).toEqual(mine.heads());
    expect(again.append(utf8('on'), NOW + 4 * DAY)).toEqual(mine.append(utf8('on'), NOW + 4 * DAY));
  });
});

describe('what is refused', () => {
  const [first = new Uint8Array(), second = new Uint8Array(), third = new Uint8Array()] = written(ada, 3);

  const expectRefused = (replica: Replica, update: Uint8Array, word: string, by = rights): void => {
    const before = [contents(replica), replica.heads(), replica.frozen()];
    expect(replica.accept(update, by)).toMatchObject({ refused: word });
    expect([contents(replica), replica.heads(), replica.frozen()]).toEqual(before);
    expect(replica.drain()).toEqual({ put: [], delete: [] });
  };

  it('each bit flipped, each cut, bytes more', () => {
    const replica = replicaOf(bo);
    for (let bit = 0; bit < first.length * 8; bit++) {
      const flipped = first.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isRefusal(replica.accept(flipped, rights)), `bit ${bit}`).toBe(true);
    }
    for (let length = 0; length < first.length; length++) expect(isRefusal(replica.accept(first.slice(0, length), rights))).toBe(true);
    for (let byte = 0; byte < 256; byte++) expect(isRefusal(replica.accept(concat(first, Uint8Array.of(byte)), rights))).toBe(true);
    expect(contents(replica)).toEqual([]);
    expect(replica.drain().put).toEqual([]);
    accepted(replica.accept(first, rights));
  });

  it.each([
    ['a forged signature', signBody(bo, bodyOf(first)), 'bad-signature'],
    ['another author’s name', altered(ada, first, { device: fieldsOf(written(bo, 1)[0] ?? first).device }), 'wrong-client'],
    ['another room', altered(ada, first, { room: sha256(utf8('another')) }), 'wrong-room'],
    ['another’s client', altered(ada, first, { changes: pushEntries(openDocument([]), 5, [utf8('x')]) }), 'wrong-client'],
    ['an oversized update', altered(ada, first, { changes: new Uint8Array(UPDATE_BYTES) }), 'oversized'],
    ['a first that follows something', altered(ada, first, { previous: sha256(utf8('x')) }), 'malformed'],
    ['a first with pending entries', altered(ada, first, { changes: fieldsOf(second).changes }), 'pending'],
    ['a later one that begins a segment', altered(ada, second, { changes: fieldsOf(first).changes }), 'pending'],
    ['no change', altered(ada, first, { changes: new Uint8Array(0) }), 'malformed'],
  ])('%s', (_what, update, word) => expectRefused(replicaOf(bo), update, word));

  it.each([
    ['a time that does not rise', altered(ada, second, { hlc: fieldsOf(first).hlc }), 'hlc-not-rising'],
    ['entries that leave a hole', altered(ada, second, { changes: fieldsOf(third).changes }), 'pending'],
    ['a replay', first, 'repeated'],
  ])('%s', (_what, update, word) => {
    const replica = replicaOf(bo);
    replica.accept(first, rights);
    replica.drain();
    expectRefused(replica, update, word);
  });

  it('more entries than a segment takes', () => {
    const updates = written(ada, 1, 0);
    const mine = replicaOf(ada);
    const [base = new Uint8Array()] = updates;
    accepted(mine.accept(base, rights));
    const doc = openDocument([fieldsOf(base).changes]);
    const changes = pushEntries(
      doc,
      clientOf(ada.device, 0),
      Array.from({ length: 1024 }, () => new Uint8Array(1)),
    );
    mine.drain();
    expectRefused(mine, altered(ada, second, { previous: hashOf(base), changes }), 'segment-full');
  });

  it('an unknown device, and everything beyond a cut', () => {
    expectRefused(replicaOf(bo), first, 'unknown-device', rightsOf([bo, cy]));
    const cut = { segment: 0, seq: 1, hash: hash(hashOf(second)) };
    const cutRights = rightsOf(undefined, new Map([[ada.device, cut]]));
    const replica = replicaOf(bo);
    accepted(replica.accept(first, cutRights));
    accepted(replica.accept(second, cutRights));
    replica.drain();
    expectRefused(replica, third, 'beyond-cut', cutRights);
    const other = altered(ada, second, { hlc: fieldsOf(second).hlc + 1n });
    expectRefused(replicaOf(bo), other, 'beyond-cut', cutRights);
    expectRefused(replicaOf(bo), first, 'beyond-cut', rightsOf(undefined, new Map([[ada.device, NOTHING]])));
  });
});

describe('cuts and suspensions', () => {
  it('withdraw what was accepted before they were known, and give it back when they prove void', () => {
    const updates = written(ada, 5);
    const replica = replicaOf(bo);
    for (const update of updates) replica.accept(update, rights);
    const cut = { segment: 0, seq: 1, hash: hash(hashOf(updates[1] ?? new Uint8Array())) };
    const withCut = rightsOf(undefined, new Map([[ada.device, cut]]));
    expect(replica.enforce(withCut).withdrawn.map(({ position }) => position)).toEqual([2, 3, 4]);
    expect(texts(replica)).toEqual(['0', '1']);
    expect(replica.heads()).toMatchObject([{ seq: 1 }]);
    expect(replica.missing([]).length).toBe(2);
    expect(replica.enforce(rightsOf([bo, cy])).withdrawn.length).toBe(2);
    expect(replica.heads()).toEqual([]);
    expect(replica.enforce(rights).restored.length).toBe(5);
    expect(replica.enforce(rights)).toEqual({ withdrawn: [], restored: [] });
  });

  it('a device that is cut off writes no more', () => {
    const mine = replicaOf(ada);
    mine.enforce(rightsOf(undefined, new Map([[ada.device, NOTHING]])));
    expect(() => mine.append(utf8('x'), NOW)).toThrow(/removed/);
  });
});

describe('forks', () => {
  /** Two histories of one device that part after the given number of updates. */
  function histories(shared: number, each: number): [Bytes[], Bytes[]] {
    const common = replicaOf(ada);
    const start = Array.from({ length: shared }, (_, i) => common.append(utf8(`${i}`), NOW + i).update);
    const records = common.drain().put;
    const branch = (name: string): Bytes[] => {
      const replica = replicaOf(ada, records);
      return [...start, ...Array.from({ length: each }, (_, i) => replica.append(utf8(`${name}${i}`), NOW + 1000 + i).update)];
    };
    return [branch('left '), branch('right ')];
  }

  it('keep the lower branch up to the first update, whatever the order', () => {
    const [left, right] = histories(2, 3);
    const all = [...new Set([...left, ...right])];
    const [l, r] = [left[2] ?? new Uint8Array(), right[2] ?? new Uint8Array()];
    const lower = compare(hashOf(l), hashOf(r)) < 0 ? 'left 0' : 'right 0';
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (order) => {
        const replica = replicaOf(bo);
        let here = 0;
        for (let round = 0; round < 2; round++) {
          for (const update of order) {
            const result = replica.accept(update, rights);
            if (!isRefusal(result) && 'entries' in result) here += result.entries.length - result.withdrawn.length;
          }
        }
        expect(texts(replica)).toEqual(['0', '1', lower]);
        expect(here).toBe(3);
        expect(replica.frozen()).toEqual([ada.device]);
        const again = replicaOf(bo, replica.drain().put);
        expect(again.frozen()).toEqual([ada.device]);
        expect(contents(again)).toEqual(contents(replica));
      }),
      { seed, numRuns: 20 },
    );
  }, 120_000);

  it('are passed on to whoever holds the other branch', () => {
    const [left, right] = histories(2, 3);
    const a = replicaOf(bo);
    const b = replicaOf(cy);
    for (const update of left) a.accept(update, rights);
    for (const update of right) b.accept(update, rights);
    expect(a.gaps(b.heads()) || b.gaps(a.heads())).toBe(true);
    for (let round = 0; round < 2; round++) {
      for (const update of a.missing(b.heads())) b.accept(update, rights);
      for (const update of b.missing(a.heads())) a.accept(update, rights);
    }
    expect(contents(a)).toEqual(contents(b));
    expect(a.frozen()).toEqual([ada.device]);
    expect(b.frozen()).toEqual([ada.device]);
    expect([a.gaps(b.heads()), b.gaps(a.heads())]).toEqual([false, false]);
    expect([a.missing(b.heads()), b.missing(a.heads())]).toEqual([[], []]);
  });

  it('are seen between the end of a segment and the beginning of the next', () => {
    const start = replicaOf(ada);
    const first = start.append(utf8('0'), NOW).update;
    const records = start.drain().put;
    const sameDay = replicaOf(ada, records).append(utf8('same day'), NOW + 1).update;
    const nextDay = replicaOf(ada, records).append(utf8('next day'), NOW + DAY).update;
    const lower = compare(hashOf(sameDay), hashOf(nextDay)) < 0 ? 'same day' : 'next day';
    for (const order of [
      [first, sameDay, nextDay],
      [first, nextDay, sameDay],
    ]) {
      const replica = replicaOf(bo);
      for (const update of order) replica.accept(update, rights);
      expect(texts(replica)).toEqual(['0', lower]);
      expect(replica.frozen()).toEqual([ada.device]);
      expect(texts(replicaOf(bo, replica.drain().put))).toEqual(['0', lower]);
    }
  });

  it('stop one’s own device from writing', () => {
    const [left, right] = histories(1, 1);
    const mine = replicaOf(ada);
    for (const update of [...left, ...right]) mine.accept(update, rights);
    expect(() => mine.append(utf8('x'), NOW + DAY)).toThrow(/frozen/);
  });
});
