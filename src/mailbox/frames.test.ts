import { beforeAll, describe, expect, it } from 'vitest';
import { hash, isRefusal, topicId, type Bytes } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { ed25519, sha256 } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { MessageKind, decodeRefused, type ExitCircuit } from '../onion/index.ts';
import { blobSizes, blobTextBytes, sizeClasses, sizeClassFor } from './blob-size.ts';
import { MailboxExit } from './exit.ts';
import {
  decodeBlob,
  decodePlace,
  decodePost,
  decodeStored,
  decodeSubscribe,
  encodeBlob,
  encodePlace,
  encodePost,
  encodeStored,
  encodeSubscribe,
  postSigned,
  subscribeSigned,
} from './frames.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { topicOf, topicSeed } from './topic.ts';

beforeAll(initCryptoNode);
const random = seededRandom(testSeed());

function* damaged(frame: Bytes): Generator<Bytes> {
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const flipped = frame.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield flipped;
  }
  for (let length = 0; length < frame.length; length++) yield frame.slice(0, length);
  for (const extra of [1, 2, 985]) {
    const grown = new Uint8Array(frame.length + extra);
    grown.set(frame);
    yield grown;
  }
}

class Visit implements ExitCircuit {
  readonly key = 1;
  readonly bind = random.bytes(32);
  readonly closed = false;
  readonly said: { kind: MessageKind; body: Uint8Array }[] = [];

  reply(_to: number, kind: MessageKind, body: Uint8Array): void {
    this.said.push({ kind, body });
  }

  async push(kind: MessageKind, body: Uint8Array): Promise<void> {
    this.said.push({ kind, body });
  }
}

const seed = new Uint8Array(32).fill(5);
const setUp = (): { visit: Visit; exit: MailboxExit; store: MemoryBlobStore } => {
  const store = new MemoryBlobStore(random);
  return { visit: new Visit(), store, exit: new MailboxExit({ store, clock: new ManualClock() }) };
};
const post = (): Bytes => {
  const topic = topicOf(seed);
  const blob = seededRandom(1).bytes(890);
  return encodePost({ topic, signature: ed25519.sign(seed, postSigned(topic, sha256(blob))), blob });
};

describe('sizes', () => {
  it('are those of the protocol', () => {
    expect(blobSizes).toEqual([890, 1876, 3848, 7792, 15_680, 31_456, 63_008]);
    expect(sizeClasses.map(blobTextBytes)).toEqual([786, 1772, 3744, 7688, 15_576, 31_352, 62_904]);
    expect([0, 786, 787, 62_904, 62_905].map(sizeClassFor)).toEqual([1, 1, 2, 64, undefined]);
  });

  it('fill the cells of POST exactly, and BLOB takes no more', () => {
    sizeClasses.forEach((k, i) => {
      const blob = new Uint8Array(blobSizes[i] ?? 0);
      expect(encodePost({ topic: topicOf(seed), signature: new Uint8Array(64), blob }).length).toBe(986 * k);
      expect(encodeBlob({ topic: topicOf(seed), instance: 1, after: 0n, cursor: 1n, blob }).length).toBeLessThanOrEqual(986 * k);
    });
  });
});

describe('topics', () => {
  it('differ between the mailboxes of one address, and between addresses', () => {
    const ids = ['00'.repeat(32), '01'.repeat(32)].map((hex) => topicOf(topicSeed(seed, hex as Parameters<typeof topicSeed>[1])));
    const other = topicOf(topicSeed(new Uint8Array(32), '00'.repeat(32) as Parameters<typeof topicSeed>[1]));
    expect(new Set([...ids, other]).size).toBe(3);
  });
});

describe('frames of a mailbox, damaged in every way', () => {
  it('POST is refused and counted, and nothing is stored', () => {
    const { exit, visit, store } = setUp();
    let tried = 0;
    for (const frame of damaged(post())) {
      exit.message(visit, tried++, MessageKind.POST, frame);
      expect(visit.said.pop()?.kind).toBe(MessageKind.REFUSED);
    }
    expect(store.bytes).toBe(0);
    expect(Object.values(exit.counters.all()).reduce((sum, n) => sum + n, 0)).toBe(tried);
    exit.message(visit, 0, MessageKind.POST, post());
    exit.message(visit, 1, MessageKind.POST, post());
    expect(visit.said.map(({ kind }) => kind)).toEqual([MessageKind.STORED, MessageKind.STORED]);
    expect(visit.said[0]?.body).toEqual(visit.said[1]?.body);
    expect(store.bytes).toBe(890);
  }, 120_000);

  it('SUBSCRIBE is refused and counted, and so is one of another circuit', () => {
    const { exit, visit } = setUp();
    const place = { topic: topicOf(seed), instance: 3, cursor: 9n };
    const frame = encodeSubscribe(place, ed25519.sign(seed, subscribeSigned(visit.bind, place)));
    for (const wrong of damaged(frame)) {
      exit.message(visit, 0, MessageKind.SUBSCRIBE, wrong);
      expect(visit.said.pop()?.kind).toBe(MessageKind.REFUSED);
    }
    const other = new Visit();
    exit.message(other, 0, MessageKind.SUBSCRIBE, frame);
    const refused = other.said.pop();
    expect(refused?.kind).toBe(MessageKind.REFUSED);
    expect(decodeRefused(refused?.body ?? new Uint8Array(0))).toMatchObject({ code: 3 });
    exit.message(visit, 0, MessageKind.SUBSCRIBE, frame);
    expect(visit.said.shift()?.kind).toBe(MessageKind.CAUGHT_UP);
  }, 120_000);

  it('what a client reads has one form, and no other length', () => {
    const topic = topicId(random.bytes(32));
    const stored = { hash: hash(random.bytes(32)), instance: 7, cursor: 2n ** 60n };
    const place = { topic, instance: 7, cursor: 5n };
    const blob = { topic, instance: 7, after: 3n, cursor: 5n, blob: random.bytes(890) };
    expect(decodeStored(encodeStored(stored))).toEqual(stored);
    expect(decodePlace(encodePlace(place))).toEqual(place);
    expect(decodeBlob(encodeBlob(blob))).toEqual(blob);
    for (const [frame, decode] of [
      [encodeStored(stored), decodeStored],
      [encodePlace(place), decodePlace],
      [encodeBlob(blob), decodeBlob],
      [post(), decodePost],
    ] as const) {
      for (const wrong of damaged(frame)) expect(isRefusal(decode(wrong))).toBe(wrong.length !== frame.length);
    }
    for (const wrong of damaged(encodeSubscribe(place, new Uint8Array(64))))
      expect(isRefusal(decodeSubscribe(wrong))).toBe(wrong.length !== 108);
  });
});
