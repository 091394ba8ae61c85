import { beforeAll, describe, expect, it } from 'vitest';
import { isRefusal, type Bytes } from '../base/index.ts';
import { ManualClock, seededRandom, settle, testSeed } from '../base/testing.ts';
import { ed25519, sha256 } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { CircuitClosed, MessageKind, RefusedCode, decodeRefused, type ExitCircuit } from '../onion/index.ts';
import { MailboxExit, type MailboxLimits } from './exit.ts';
import { NO_MORE, decodeBlob, decodePlace, encodePost, encodeSubscribe, postSigned, subscribeSigned } from './frames.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { topicOf } from './topic.ts';

beforeAll(initCryptoNode);
const random = seededRandom(testSeed());
const DAY = 86_400_000;

/** A circuit whose client takes as many pushes as it is given leave for. */
class Visit implements ExitCircuit {
  static #keys = 0;
  readonly key = Visit.#keys++;
  readonly bind = random.bytes(32);
  closed = false;
  readonly replies: { kind: MessageKind; body: Uint8Array }[] = [];
  readonly pushed: { kind: MessageKind; body: Bytes }[] = [];
  leave = Infinity;
  #waiting: (() => void)[] = [];

  reply(_to: number, kind: MessageKind, body: Uint8Array): void {
    this.replies.push({ kind, body });
  }

  async push(kind: MessageKind, body: Uint8Array): Promise<void> {
    if (this.leave <= 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.closed) throw new CircuitClosed('closed');
    this.leave--;
    this.pushed.push({ kind, body: body as Bytes });
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  give(leave: number): void {
    this.leave += leave;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  refusal(): { code: number; retryAfter: number } | undefined {
    const last = this.replies.at(-1);
    const refused = last?.kind === MessageKind.REFUSED ? decodeRefused(last.body) : undefined;
    return refused === undefined || isRefusal(refused) ? undefined : refused;
  }

  cursors(): bigint[] {
    return this.pushed.flatMap(({ kind, body }) => {
      const blob = kind === MessageKind.BLOB ? decodeBlob(body) : undefined;
      return blob === undefined || isRefusal(blob) ? [] : [blob.cursor];
    });
  }
}

const seedOf = (n: number): Bytes => new Uint8Array(32).fill(n);

function post(exit: MailboxExit, visit: Visit, topicNumber: number, n: number, size = 890): void {
  const topic = topicOf(seedOf(topicNumber));
  const blob = seededRandom(n).bytes(size);
  exit.message(
    visit,
    0,
    MessageKind.POST,
    encodePost({ topic, signature: ed25519.sign(seedOf(topicNumber), postSigned(topic, sha256(blob))), blob }),
  );
}

function subscribe(exit: MailboxExit, visit: Visit, topicNumber: number, instance = 0, cursor = 0n): void {
  const place = { topic: topicOf(seedOf(topicNumber)), instance, cursor };
  exit.message(
    visit,
    0,
    MessageKind.SUBSCRIBE,
    encodeSubscribe(place, ed25519.sign(seedOf(topicNumber), subscribeSigned(visit.bind, place))),
  );
}

function setUp(limits: Partial<MailboxLimits> = {}): { clock: ManualClock; store: MemoryBlobStore; exit: MailboxExit } {
  const clock = new ManualClock();
  const store = new MemoryBlobStore(random);
  return { clock, store, exit: new MailboxExit({ store, clock, limits }) };
}

describe('quotas of a mailbox', () => {
  it('refuses when full, evicts nothing, and takes blobs again once old ones have expired', async () => {
    const { clock, store, exit } = setUp({ bytes: 10 * 890, newTopicsBelow: 1 });
    const visit = new Visit();
    for (let n = 0; n < 10; n++) post(exit, visit, 1, n);
    expect(visit.replies.every(({ kind }) => kind === MessageKind.STORED)).toBe(true);
    post(exit, visit, 1, 10);
    expect(visit.refusal()?.code).toBe(RefusedCode.FULL);
    expect(visit.refusal()?.retryAfter).toBe(3600);
    expect(store.after(topicOf(seedOf(1)), 0n, 99)).toHaveLength(10);
    // What it holds it still confirms, full or not.
    post(exit, visit, 1, 3);
    expect(visit.replies.at(-1)?.kind).toBe(MessageKind.STORED);
    await clock.advance(13 * DAY);
    expect(store.bytes).toBe(10 * 890);
    await clock.advance(DAY + 3_600_000);
    expect(store.bytes).toBe(0);
    post(exit, visit, 1, 10);
    expect(visit.replies.at(-1)?.kind).toBe(MessageKind.STORED);
    exit.stop();
  });

  it('takes no new topic when it is mostly full', () => {
    const { exit } = setUp({ bytes: 10 * 890 });
    const visit = new Visit();
    for (let n = 0; n < 9; n++) post(exit, visit, 1, n);
    post(exit, visit, 2, 100);
    expect(visit.refusal()?.code).toBe(RefusedCode.NO_NEW_TOPICS);
    post(exit, visit, 1, 9);
    expect(visit.replies.at(-1)?.kind).toBe(MessageKind.STORED);
  });

  it('bounds a topic, a circuit, and the subscriptions of a circuit', () => {
    const { exit } = setUp({ topicBytes: 2000, circuitBytes: 3000, subscriptionsPerCircuit: 2 });
    const visit = new Visit();
    for (let n = 0; n < 3; n++) post(exit, visit, 1, n);
    expect(visit.refusal()?.code).toBe(RefusedCode.TOPIC_QUOTA);
    post(exit, visit, 2, 5);
    post(exit, visit, 3, 6);
    expect(visit.refusal()?.code).toBe(RefusedCode.CIRCUIT_QUOTA);
    post(exit, new Visit(), 3, 6);
    for (const topic of [1, 2, 2, 3]) subscribe(exit, visit, topic);
    expect(visit.refusal()?.code).toBe(RefusedCode.BUSY);
    subscribe(exit, visit, 1);
    expect(visit.replies.at(-1)?.kind).toBe(MessageKind.CAUGHT_UP);
  });

  it('gives the place of a topic back that is no longer read', async () => {
    const { exit } = setUp({ subscriptionsPerCircuit: 2 });
    const visit = new Visit();
    for (const topic of [1, 2, 3]) subscribe(exit, visit, topic);
    expect(visit.refusal()?.code).toBe(RefusedCode.BUSY);
    subscribe(exit, visit, 1, 0, NO_MORE);
    expect(visit.replies.at(-1)?.kind).toBe(MessageKind.CAUGHT_UP);
    subscribe(exit, visit, 3);
    expect(visit.replies.at(-1)?.kind).toBe(MessageKind.CAUGHT_UP);
    await settle();
    const before = visit.pushed.length;
    post(exit, visit, 1, 1);
    await settle();
    expect(visit.pushed).toHaveLength(before);
    post(exit, visit, 3, 2);
    await settle();
    expect(visit.pushed).toHaveLength(before + 1);
  });

  it('hands over one blob at a time, however many topics a circuit follows', async () => {
    const { exit } = setUp();
    const visit = new Visit();
    for (let topic = 1; topic <= 8; topic++) post(exit, new Visit(), topic, topic);
    visit.leave = 0;
    for (let topic = 1; topic <= 8; topic++) subscribe(exit, visit, topic);
    await settle();
    expect(visit.waiting).toBe(1);
    for (let i = 0; i < 16; i++) {
      visit.give(1);
      await settle();
      expect(visit.waiting).toBeLessThanOrEqual(1);
    }
    expect(visit.cursors()).toHaveLength(8);
  });

  it('takes padded sizes only', () => {
    const { exit } = setUp();
    const visit = new Visit();
    for (const size of [0, 1, 889, 891, 986, 2000, 63_007]) {
      post(exit, visit, 1, 1, size);
      expect(visit.refusal()?.code).toBe(RefusedCode.MALFORMED);
    }
  });
});

describe('a disk that takes its time', () => {
  it('has STORED wait for it, those who follow the topic not, and never says STORED of what it lost', async () => {
    const { store, exit } = setUp();
    const [writer, reader] = [new Visit(), new Visit()];
    subscribe(exit, reader, 1);
    await settle();
    const writes: PromiseWithResolvers<void>[] = [];
    const durable = (): Promise<void> => {
      const write = Promise.withResolvers<void>();
      writes.push(write);
      return write.promise;
    };
    Object.assign(store, { durable });
    post(exit, writer, 1, 1);
    post(exit, writer, 1, 2);
    // The same once more, before it is durable.
    post(exit, writer, 1, 1);
    await settle();
    expect(writer.replies).toEqual([]);
    expect(reader.cursors()).toHaveLength(2);
    writes[0]?.resolve();
    writes[1]?.reject(new Error('disk broken'));
    await settle();
    expect(writer.replies.map(({ kind }) => kind)).toEqual([MessageKind.STORED, MessageKind.REFUSED]);
    expect(writer.refusal()?.code).toBe(RefusedCode.BUSY);
    writes[2]?.resolve();
    await settle();
    expect(writer.replies.at(-1)?.kind).toBe(MessageKind.STORED);
    exit.stop();
  });
});

describe('a disk that fails', () => {
  it('is told as busy, and ends neither the mailbox nor its hourly sweep', async () => {
    const { clock, store, exit } = setUp();
    const [writer, reader] = [new Visit(), new Visit()];
    const fails = (): never => {
      throw new Error('disk full');
    };
    const { put, after, expire } = store;
    Object.assign(store, { put: fails, after: fails, expire: fails });
    post(exit, writer, 1, 1);
    expect(writer.refusal()).toEqual({ code: RefusedCode.BUSY, retryAfter: 60 });
    subscribe(exit, reader, 1);
    await clock.advance(2 * 3_600_000);
    expect(exit.counters.get('store-failed')).toBe(4);
    Object.assign(store, { put, after, expire });
    post(exit, writer, 1, 1);
    expect(writer.replies.at(-1)?.kind).toBe(MessageKind.STORED);
    subscribe(exit, reader, 1);
    await settle();
    expect(reader.cursors()).toHaveLength(1);
    exit.stop();
  });
});

describe('pushing', () => {
  it('hands over one blob at a time as credit allows, misses none that comes meanwhile, and repeats none', async () => {
    const { exit } = setUp();
    const [writer, reader] = [new Visit(), new Visit()];
    for (let n = 0; n < 10; n++) post(exit, writer, 1, n);
    reader.leave = 0;
    subscribe(exit, reader, 1);
    await settle();
    expect(reader.pushed).toHaveLength(0);
    for (let n = 10; n < 30; n++) {
      post(exit, writer, 1, n);
      reader.give(1);
      await settle();
    }
    reader.give(100);
    await settle();
    const cursors = reader.cursors();
    expect(cursors).toHaveLength(30);
    expect(cursors).toEqual([...new Set(cursors)].toSorted((a, b) => (a < b ? -1 : 1)));
    expect(reader.pushed.filter(({ kind }) => kind === MessageKind.CAUGHT_UP)).toHaveLength(1);
  });

  it("starts after the follower's cursor in this instance, and at the beginning in another", async () => {
    const { exit, store } = setUp();
    const writer = new Visit();
    for (let n = 0; n < 6; n++) post(exit, writer, 1, n);
    const all = store.after(topicOf(seedOf(1)), 0n, 9).map(({ cursor }) => cursor);
    const [same, other] = [new Visit(), new Visit()];
    subscribe(exit, same, 1, store.instance, all[3]);
    subscribe(exit, other, 1, store.instance ^ 1, all[3]);
    await settle();
    expect(same.cursors()).toEqual(all.slice(4));
    expect(other.cursors()).toEqual(all);
    const end = same.pushed.at(-1);
    expect(end?.kind).toBe(MessageKind.CAUGHT_UP);
    expect(decodePlace(end?.body ?? new Uint8Array(0))).toMatchObject({ cursor: all[5], instance: store.instance });
  });

  it('stops when the circuit closes', async () => {
    const { exit } = setUp();
    const [writer, reader] = [new Visit(), new Visit()];
    subscribe(exit, reader, 1);
    await settle();
    const before = reader.pushed.length;
    exit.closed(reader);
    post(exit, writer, 1, 1);
    await settle();
    expect(reader.pushed).toHaveLength(before);
  });
});
