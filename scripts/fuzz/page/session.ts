/**
 * A follower of a mailbox that says anything, in answer and unasked, while time passes.
 *
 *   step = op u8 | number u8 | bytes      0 pushed  1 the answer to the oldest question  2 time passes  3 another circuit  4 a post  5 a BLOB of the topic
 */
import { concat, Counters, hash, idBytes, relayId, u32, u64, type Bytes } from '../../../src/base/index.ts';
import { ManualClock, settle } from '../../../src/base/testing.ts';
import { encodeBlob, encodePlace, encodeStored } from '../../../src/mailbox/frames.ts';
import { Session } from '../../../src/mailbox/session.ts';
import { topicOf } from '../../../src/mailbox/topic.ts';
import { CircuitClosed, MessageKind, type Circuit, type Message } from '../../../src/onion/circuit.ts';
import type { CircuitUser } from '../../../src/onion/pool.ts';
import { holds, inPieces, pieces, type PageTarget } from './target.ts';

const mailbox = relayId(new Uint8Array(32));
const topic = { seed: new Uint8Array(32).fill(1), mailbox };
const KINDS = Object.values(MessageKind);
const BLOB = new Uint8Array(890);

interface Asked {
  readonly circuit: Circuit;
  answer(message: Message): void;
}

function circuitOf(asked: Asked[]): Circuit {
  const circuit: Circuit = {
    path: [],
    bind: new Uint8Array(32),
    openedAt: 0,
    roundTrip: 1,
    unreached: undefined,
    closed: false,
    onMessage: () => undefined,
    onClosed: () => undefined,
    request: () => new Promise((resolve) => asked.push({ circuit, answer: resolve })),
    ping: () => Promise.reject(new CircuitClosed('no answer')),
    drop: () => undefined,
    close: () => undefined,
  };
  return circuit;
}

async function play(steps: readonly Bytes[]): Promise<string> {
  const clock = new ManualClock();
  const counters = new Counters();
  const asked: Asked[] = [];
  let user: CircuitUser | undefined;
  const words = new Set<string>();
  const session = new Session({
    circuits: {
      keep: (_isolation, _mailbox, given) => {
        user = given;
        return { check: () => words.add('checked'), release: () => undefined };
      },
    },
    clock,
    counters,
    isolation: 'a',
    mailbox,
    misbehaved: (what) => words.add(what),
    full: (ms) => words.add(ms > 0 ? 'full' : 'full for no time'),
    ended: () => words.add('ended'),
  });
  let last: { readonly instance: number; readonly cursor: bigint } | undefined;
  const subscription = session.follow(topic, undefined, {
    blob(instance, cursor) {
      holds(last?.instance !== instance || cursor > last.cursor, 'session: blobs come in order, each once');
      last = { instance, cursor };
    },
    caughtUp(instance, cursor) {
      holds(last?.instance !== instance || cursor <= last.cursor, 'session: more is claimed than was handed over');
    },
  });
  let current = circuitOf(asked);
  user?.opened(current);
  for (const step of steps.slice(0, 24)) {
    const [op = 0, number = 0] = step;
    const [kind, body] = [KINDS[number % KINDS.length] ?? MessageKind.PONG, step.slice(2)];
    if (op % 6 === 0) current.onMessage({ kind, body });
    else if (op % 6 === 1) asked.shift()?.answer({ kind, body });
    else if (op % 6 === 2) await clock.advance(number * 1000);
    else if (op % 6 === 3) user?.opened((current = circuitOf(asked)));
    else if (op % 6 === 4)
      session.post(topic, BLOB).then(
        ({ cursor }) => words.add(cursor === 0n ? 'stored at 0' : 'stored'),
        () => words.add('not stored'),
      );
    else
      current.onMessage({
        kind: MessageKind.BLOB,
        body: concat(idBytes(topicOf(topic.seed)), u32(number), u64(BigInt(body[0] ?? 0)), u64(BigInt(body[1] ?? 0)), BLOB),
      });
    await Promise.resolve();
  }
  subscription.close();
  await clock.advance(20_000);
  await settle();
  return [...words, ...Object.keys(counters.all())].join(' ');
}

const at = (kind: MessageKind): number => KINDS.indexOf(kind);
const place = { topic: topicOf(topic.seed), instance: 3, cursor: 9n };

export const sessionTarget: PageTarget = {
  name: 'session',
  fixed: 0,
  seeds: [
    inPieces([
      Uint8Array.of(1, at(MessageKind.CAUGHT_UP), ...encodePlace({ ...place, cursor: 0n })),
      Uint8Array.of(0, at(MessageKind.BLOB), ...encodeBlob({ topic: place.topic, instance: 3, after: 0n, cursor: 9n, blob: BLOB })),
      Uint8Array.of(0, at(MessageKind.CAUGHT_UP), ...encodePlace(place)),
      Uint8Array.of(5, 3, 9, 12),
    ]),
    inPieces([
      Uint8Array.of(1, at(MessageKind.REFUSED), 4, 0, 0, 0, 9),
      Uint8Array.of(2, 60),
      Uint8Array.of(4, 0),
      Uint8Array.of(2, 11),
      Uint8Array.of(3, 0),
    ]),
    inPieces([
      Uint8Array.of(1, 0),
      Uint8Array.of(4, 0),
      Uint8Array.of(1, at(MessageKind.STORED), ...encodeStored({ hash: hash(new Uint8Array(32)), instance: 3, cursor: 1n })),
      Uint8Array.of(5, 3, 4, 5),
      Uint8Array.of(2, 6),
    ]),
  ],
  read: (bytes) => play(pieces(bytes)),
};
