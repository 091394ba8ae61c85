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

const setUp = (options: Partial<RigOptions> = {}): { clock: ManualClock; rig: Rig; topic: (relay: number, n?: number) => Topic; blob: (n: number, k?: SizeClass) => Bytes } => {
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
    const error = await settled(clock, rig.client('ann').mailboxes.post('a', nowhere, blob(1)).catch((e: unknown) => e));
    expect(error).toBeInstanceOf(MailboxError);
    expect(error).toMatchObject({ kind: 'unknown' });
  });
});
