import { beforeAll, describe, expect, it } from 'vitest';
import { Counters, isRefusal, type Bytes, type RelayId } from '../base/index.ts';
import { ManualClock, seededRandom, settle, testSeed } from '../base/testing.ts';
import { sha256 } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import {
  CircuitClosed,
  MessageKind,
  encodeRefused,
  type Circuit,
  type CircuitSource,
  type CircuitUser,
  type Message,
} from '../onion/index.ts';
import { circuitMailboxes } from './client.ts';
import { decodePost, decodeSubscribe, encodeBlob, encodePlace, encodeStored } from './frames.ts';
import type { Mailboxes, Stored, Topic } from './mailboxes.ts';
import { topicOf } from './topic.ts';

beforeAll(initCryptoNode);
const random = seededRandom(testSeed());
const mailbox = 'ab'.repeat(32) as RelayId;
const topic: Topic = { mailbox, seed: new Uint8Array(32).fill(1) };

/** A circuit whose other end is the test. */
class Line implements Circuit {
  readonly path = [mailbox];
  readonly bind = random.bytes(32);
  readonly openedAt = 0;
  readonly roundTrip = undefined;
  readonly unreached = undefined;
  closed = false;
  onMessage: (message: Message) => void = () => undefined;
  onClosed = (): void => undefined;
  readonly asked: { kind: MessageKind; body: Uint8Array; answer: (kind: MessageKind, body: Uint8Array) => void; fail: () => void }[] = [];

  request(kind: MessageKind, body: Uint8Array): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.asked.push({
        kind,
        body,
        answer: (as, said) => resolve({ kind: as, body: said as Bytes }),
        fail: () => reject(new CircuitClosed('closed')),
      });
    });
  }

  ping = (): Promise<number> => Promise.resolve(1);
  drop(): void {}
  close(): void {
    this.closed = true;
  }

  blob(instance: number, after: bigint, cursor: bigint, n: number): void {
    this.onMessage({
      kind: MessageKind.BLOB,
      body: encodeBlob({ topic: topicOf(topic.seed), instance, after, cursor, blob: new Uint8Array(890).fill(n) }),
    });
  }

  caughtUp(instance: number, cursor: bigint): void {
    this.onMessage({ kind: MessageKind.CAUGHT_UP, body: encodePlace({ topic: topicOf(topic.seed), instance, cursor }) });
  }
}

class Source implements CircuitSource {
  user: CircuitUser | undefined;
  released = 0;
  checked: Circuit[] = [];

  keep(_isolation: string, _mailbox: RelayId, user: CircuitUser): ReturnType<CircuitSource['keep']> {
    this.user = user;
    return { check: (circuit) => this.checked.push(circuit), release: () => this.released++ };
  }
}

function setUp(): { clock: ManualClock; source: Source; mailboxes: Mailboxes; counters: Counters } {
  const clock = new ManualClock();
  const source = new Source();
  const counters = new Counters();
  return { clock, source, counters, mailboxes: circuitMailboxes({ circuits: source, clock, counters }) };
}

describe('a session with a mailbox', () => {
  it('hands over what follows on, whatever circuits bring', async () => {
    const { source, mailboxes, counters } = setUp();
    const got: [number, bigint][] = [];
    const caught: bigint[] = [];
    const subscription = mailboxes.follow(
      'a',
      topic,
      { instance: 7, cursor: 10n },
      { blob: (instance, cursor) => got.push([instance, cursor]), caughtUp: (_instance, cursor) => caught.push(cursor) },
    );
    const [old, next] = [new Line(), new Line()];
    source.user?.opened(old);
    old.blob(7, 10n, 12n, 1);
    source.user?.opened(next);
    const asked = decodeSubscribe(next.asked[0]?.body ?? new Uint8Array(0));
    expect(isRefusal(asked) ? asked : [asked.instance, asked.cursor]).toEqual([7, 12n]);
    next.blob(7, 12n, 15n, 2);
    old.blob(7, 12n, 15n, 2);
    // From a subscription that had come further: it may not make a gap.
    old.blob(7, 20n, 21n, 4);
    old.caughtUp(7, 21n);
    next.blob(7, 15n, 20n, 3);
    next.caughtUp(7, 20n);
    expect(got).toEqual([
      [7, 12n],
      [7, 15n],
      [7, 20n],
    ]);
    expect(caught).toEqual([20n]);
    expect(counters.all()).toEqual({ 'blob-again': 1, 'blob-out-of-turn': 1, 'caught-up-out-of-turn': 1 });
    // Another store begins at 0.
    next.blob(9, 0n, 3n, 5);
    next.blob(9, 3n, 4n, 5);
    expect(got.slice(3)).toEqual([
      [9, 3n],
      [9, 4n],
    ]);
    subscription.close();
    next.blob(9, 4n, 5n, 5);
    expect(got).toHaveLength(5);
    expect(source.released).toBe(1);
  });

  it('posts again on the next circuit when one dies, and takes the first right answer', async () => {
    const { source, mailboxes } = setUp();
    const blob = random.bytes(890);
    const stored = mailboxes.post('a', topic, blob);
    const [first, second] = [new Line(), new Line()];
    source.user?.opened(first);
    first.asked[0]?.fail();
    await settle();
    source.user?.opened(second);
    const posted = decodePost(second.asked[0]?.body ?? new Uint8Array(0));
    expect(isRefusal(posted) ? posted : posted.blob).toEqual(blob);
    second.asked[0]?.answer(
      MessageKind.STORED,
      encodeStored({
        hash: Buffer.from(sha256(blob)).toString('hex') as Parameters<typeof encodeStored>[0]['hash'],
        instance: 3,
        cursor: 4n,
      }),
    );
    const expected: Stored = { instance: 3, cursor: 4n };
    expect(await stored).toEqual(expected);
    expect(source.released).toBe(1);
  });

  it('takes no answer for another blob', async () => {
    const { source, mailboxes } = setUp();
    const line = new Line();
    const failed = mailboxes.post('a', topic, random.bytes(890)).catch((error: unknown) => error);
    source.user?.opened(line);
    line.asked[0]?.answer(
      MessageKind.STORED,
      encodeStored({ hash: '00'.repeat(32) as Parameters<typeof encodeStored>[0]['hash'], instance: 3, cursor: 4n }),
    );
    expect(await failed).toMatchObject({ kind: 'refused' });
  });

  it('is silent after 10 s without a circuit, and has a circuit checked that did not answer', async () => {
    const { clock, source, mailboxes } = setUp();
    const failed = mailboxes.post('a', topic, random.bytes(890)).catch((error: unknown) => error);
    await clock.advance(10_000);
    expect(await failed).toMatchObject({ kind: 'silent' });
    const again = mailboxes.post('a', topic, random.bytes(890)).catch((error: unknown) => error);
    const line = new Line();
    source.user?.opened(line);
    await clock.advance(10_000);
    expect(await again).toMatchObject({ kind: 'silent' });
    expect(source.checked).toEqual([line]);
  });

  it('subscribes again after a refusal, when the mailbox says', async () => {
    const { clock, source, mailboxes } = setUp();
    mailboxes.follow('a', topic, undefined, { blob: () => undefined, caughtUp: () => undefined });
    const line = new Line();
    source.user?.opened(line);
    line.asked[0]?.answer(MessageKind.REFUSED, encodeRefused({ code: 8, retryAfter: 60 }));
    await clock.advance(59_000);
    expect(line.asked).toHaveLength(1);
    await clock.advance(1000);
    expect(line.asked).toHaveLength(2);
  });

  it('refuses a caller who follows a topic twice or posts a size of his own', async () => {
    const { mailboxes } = setUp();
    const follower = { blob: () => undefined, caughtUp: () => undefined };
    mailboxes.follow('a', topic, undefined, follower);
    expect(() => mailboxes.follow('a', topic, undefined, follower)).toThrow('followed already');
    await expect(mailboxes.post('a', topic, new Uint8Array(891))).rejects.toThrow(RangeError);
  });
});
