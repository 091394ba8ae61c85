import { beforeAll, describe, expect, it } from 'vitest';
import type { Bytes, RelayId } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { blobBytes, sizeClasses, type SizeClass } from './blob-size.ts';
import { MailboxError, type Follower, type Stored, type Topic } from './mailboxes.ts';
import { makeRig, type Rig, type RigOptions } from './rig.ts';
import { topicSeed } from './topic.ts';

beforeAll(initCryptoNode);
const seed = testSeed();

async function until(clock: ManualClock, condition: () => boolean, limit = 120_000): Promise<void> {
  for (let turned = 0; !condition(); turned += 10) {
    if (turned > limit) throw new Error('the condition never held');
    await clock.advance(10);
  }
}

async function settled<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let done = false;
  const finish = (): void => {
    done = true;
  };
  promise.then(finish, finish);
  await until(clock, () => done);
  return promise;
}

const setUp = (
  options: Partial<RigOptions> = {},
): { clock: ManualClock; rig: Rig; topic: (relay: number, n?: number) => Topic; blob: (n: number, k?: SizeClass) => Bytes } => {
  const clock = new ManualClock();
  const rig = makeRig({ clock, random: seededRandom(seed), relays: 4, ...options });
  const idOf = (relay: number): RelayId => {
    const found = rig.relays[relay];
    if (found === undefined) throw new Error(`no relay ${relay}`);
    return found.descriptor.id;
  };
  const topic = (relay: number, n = 0): Topic => ({ mailbox: idOf(relay), seed: topicSeed(new Uint8Array(32).fill(n), idOf(relay)) });
  return { clock, rig, topic, blob: (n, k = 1) => seededRandom(n).bytes(blobBytes(k)) };
};

class Collector implements Follower {
  readonly blobs: Bytes[] = [];
  readonly cursors: bigint[] = [];
  caught = 0;
  at: Stored | undefined;

  blob(instance: number, cursor: bigint, blob: Bytes): void {
    this.blobs.push(blob);
    this.cursors.push(cursor);
    this.at = { instance, cursor };
  }

  caughtUp(): void {
    this.caught++;
  }
}

describe('mailboxes over circuits', () => {
  it('store blobs of every size for somebody who comes later, and push to somebody who is there', async () => {
    const { clock, rig, topic, blob } = setUp();
    const [ann, ben] = [rig.client('ann'), rig.client('ben')];
    for (const k of sizeClasses) await settled(clock, ann.mailboxes.post('a', topic(3), blob(k, k)));
    const got = new Collector();
    ben.mailboxes.follow('b', topic(3), undefined, got);
    await until(clock, () => got.caught > 0);
    expect(got.blobs).toEqual(sizeClasses.map((k) => blob(k, k)));
    const stored = await settled(clock, ann.mailboxes.post('a', topic(3), blob(100)));
    await until(clock, () => got.blobs.length === 8);
    expect(got.blobs[7]).toEqual(blob(100));
    expect(got.cursors[7]).toBe(stored.cursor);
    const again = await settled(clock, ann.mailboxes.post('a', topic(3), blob(100)));
    expect(again).toEqual(stored);
  });

  it('say that a relay is unknown', async () => {
    const { clock, rig, topic, blob } = setUp();
    const nowhere = { ...topic(3), mailbox: 'ff'.repeat(32) as RelayId };
    const error = await settled(
      clock,
      rig
        .client('ann')
        .mailboxes.post('a', nowhere, blob(1))
        .catch((e: unknown) => e),
    );
    expect(error).toBeInstanceOf(MailboxError);
    expect(error).toMatchObject({ kind: 'unknown' });
  });

  it('say that a mailbox is silent after 10 s, and go on when it answers again', async () => {
    const { clock, rig, topic, blob } = setUp();
    const ann = rig.client('ann');
    await settled(clock, ann.mailboxes.post('a', topic(3), blob(1)));
    for (const { name } of rig.relays) if (name !== 'relay3') rig.network.part(name, 'relay3');
    const from = clock.now();
    const error = await settled(
      clock,
      ann.mailboxes.post('a', topic(3), blob(2)).catch((e: unknown) => e),
    );
    expect(error).toMatchObject({ name: 'MailboxError', kind: 'silent' });
    expect(clock.now() - from).toBeGreaterThanOrEqual(10_000);
    expect(clock.now() - from).toBeLessThan(10_200);
    for (const { name } of rig.relays) if (name !== 'relay3') rig.network.mend(name, 'relay3');
    let stored: Stored | undefined;
    for (let attempt = 0; attempt < 20 && stored === undefined; attempt++) {
      stored = await settled(
        clock,
        ann.mailboxes.post('a', topic(3), blob(2)).catch(() => undefined),
      );
    }
    expect(stored).toBeDefined();
  });

  it('tell the refusal of a mailbox', async () => {
    const { clock, rig, topic, blob } = setUp({ limits: { topicBytes: 1000 } });
    const ann = rig.client('ann');
    await settled(clock, ann.mailboxes.post('a', topic(3), blob(1)));
    const error = await settled(
      clock,
      ann.mailboxes.post('a', topic(3), blob(2)).catch((e: unknown) => e),
    );
    expect(error).toMatchObject({ kind: 'refused', code: 5 });
  });

  it('lose nothing and repeat nothing while circuits rotate', async () => {
    const { clock, rig, topic, blob } = setUp();
    const [ann, ben] = [rig.client('ann'), rig.client('ben')];
    const got = new Collector();
    ben.mailboxes.follow('b', topic(3), undefined, got);
    const keepAnn = ann.mailboxes.follow('a', topic(3, 9), undefined, new Collector());
    const paths = new Set<unknown>();
    const posts: Promise<Stored>[] = [];
    for (let n = 0; n < 150; n++) {
      posts.push(ann.mailboxes.post('a', topic(3), blob(n)));
      await clock.advance(20_000);
      paths.add(ben.pool.circuits()[0]);
    }
    await settled(clock, Promise.all(posts));
    await until(clock, () => got.blobs.length >= 150);
    expect(got.blobs).toEqual(Array.from({ length: 150 }, (_, n) => blob(n)));
    // Fifty minutes: each circuit has lived ten.
    expect(paths.size).toBeGreaterThanOrEqual(5);
    expect(got.caught).toBeGreaterThanOrEqual(5);
    // The old ones are closed: one circuit a client is left, or two while one retires.
    expect(rig.relays[0]?.hop.load().circuits).toBeLessThanOrEqual(4);
    expect(ann.blames).toEqual([]);
    keepAnn.close();
  });

  it('close their circuits when nobody uses them', async () => {
    const { clock, rig, topic, blob } = setUp();
    const ann = rig.client('ann');
    await settled(clock, ann.mailboxes.post('a', topic(3), blob(1)));
    expect(rig.relays[3]?.hop.load().circuits).toBe(1);
    await clock.advance(70_000);
    expect(rig.relays.map(({ hop }) => hop.load().circuits)).toEqual([0, 0, 0, 0]);
  });

  it('use one circuit for each isolation and mailbox', async () => {
    const { clock, rig, topic, blob } = setUp();
    const ann = rig.client('ann');
    await settled(
      clock,
      Promise.all([
        ann.mailboxes.post('a', topic(3), blob(1)),
        ann.mailboxes.post('a', topic(3, 1), blob(2)),
        ann.mailboxes.post('b', topic(3), blob(3)),
        ann.mailboxes.post('a', topic(2), blob(4)),
      ]),
    );
    expect(ann.pool.circuits().length).toBe(3);
  });

  const faults: readonly [string, (cell: Bytes) => readonly Bytes[]][] = [
    ['dropped', () => []],
    ['doubled', (cell) => [cell, cell.slice()]],
    [
      'garbled',
      (cell) => {
        cell[500] = (cell[500] ?? 0) ^ 4;
        return [cell];
      },
    ],
  ];

  it.each(faults)('go on over another path after a cell was %s, and blame the first', async (_what, spoil) => {
    const { clock, rig, topic, blob } = setUp();
    const [ann, ben] = [rig.client('ann'), rig.client('ben')];
    const got = new Collector();
    ben.mailboxes.follow('b', topic(3), undefined, got);
    await settled(clock, ann.mailboxes.post('a', topic(3), blob(0)));
    const first = ann.pool.circuits()[0]?.path;
    // The middle of this path misbehaves for good, after a while.
    const middle = rig.relays.find(({ descriptor }) => descriptor.id === first?.[1]);
    if (middle === undefined) throw new Error('no middle');
    let cells = 0;
    middle.tamper = (cell) => (cells++ % 40 === 39 ? spoil(cell) : [cell]);
    for (let n = 1; n < 30; n++) {
      let stored: Stored | undefined;
      for (let attempt = 0; attempt < 20 && stored === undefined; attempt++)
        stored = await settled(
          clock,
          ann.mailboxes.post('a', topic(3), blob(n, 4)).catch(() => undefined),
        );
      expect(stored).toBeDefined();
    }
    await until(clock, () => got.blobs.length >= 30, 300_000);
    expect(got.blobs).toEqual([blob(0), ...Array.from({ length: 29 }, (_, n) => blob(n + 1, 4))]);
    const blamed = [...ann.blames, ...ben.blames];
    expect(blamed.length).toBeGreaterThan(0);
    for (const { path } of blamed) expect(path).toContain(middle.descriptor.id);
  });

  it("outlive the death of the middle and of the guard's link", async () => {
    const { clock, rig, topic, blob } = setUp({ relays: 5 });
    const ann = rig.client('ann');
    const got = new Collector();
    ann.mailboxes.follow('a', topic(4), undefined, got);
    await until(clock, () => got.caught === 1);
    const middle = rig.relays.find(({ descriptor }) => descriptor.id === ann.pool.circuits()[0]?.path[1]);
    rig.network.kill(middle?.name ?? '');
    await until(clock, () => got.caught === 2);
    rig.network.cut('ann', 'relay0');
    await until(clock, () => got.caught === 3);
    const writer = rig.client('writer');
    let stored: Stored | undefined;
    for (let attempt = 0; attempt < 20 && stored === undefined; attempt++)
      stored = await settled(
        clock,
        writer.mailboxes.post('w', topic(4), blob(7)).catch(() => undefined),
      );
    await until(clock, () => got.blobs.length === 1);
  });
});
