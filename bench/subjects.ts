/** What handles secrets, each under two classes of them; and a leak that was planted, which must be seen. */
import { isRefusal, type Bytes, type Random } from '../src/base/index.ts';
import { createHop, KemKey, kemOf, LayerKey, OnionKey, ring, SUITES, wipeHop, type Suite } from '../src/crypto/index.ts';
import { coreEd25519 } from '../src/crypto/core-ways.ts';
import { x25519 } from '../src/crypto/primitives.ts';
import type { Subject } from './dudect.ts';

const SECRETS = 32;

/** `SECRETS` values of each class, made by turns, so that neither lies elsewhere in memory. */
function classes<T>(make: (kind: 0 | 1) => T): readonly [readonly T[], readonly T[]] {
  const made: [T[], T[]] = [[], []];
  for (let i = 0; i < SECRETS; i++) for (const kind of [0, 1] as const) made[kind].push(make(kind));
  return made;
}

function at<T>(of: readonly [readonly T[], readonly T[]], kind: 0 | 1, index: number): T {
  const found = of[kind][index];
  if (found === undefined) throw new RangeError(`no secret ${index}`);
  return found;
}

/** Class 0: one secret again and again. Class 1: another each time. */
function fixedAndRandom(random: Random, bytes: number): readonly [readonly Bytes[], readonly Bytes[]] {
  const fixed = random.bytes(bytes);
  return classes((kind) => (kind === 0 ? fixed.slice() : random.bytes(bytes)));
}

function flipped(bytes: Bytes, index: number): Bytes {
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
}

function layer(random: Random, way: 'encipher' | 'decipher'): Subject {
  const [fixed, other] = fixedAndRandom(random, 32);
  const keys = [fixed, other].map((seeds) => seeds.map((seed) => LayerKey.of(seed)));
  const jobs = keys.map((list) => list.map((key) => [{ slot: 0, key, counter: 1, way }]));
  const run = (kind: 0 | 1, index: number): Bytes => {
    ring.run(jobs[kind]?.[index] ?? []);
    return ring.slot(0);
  };
  return { name: `layer, ${way}: the key`, secrets: SECRETS, run };
}

/** The cell itself is secret to whoever must not read it. */
function cell(random: Random): Subject {
  const cells = fixedAndRandom(random, 1024);
  const job = [{ slot: 0, key: LayerKey.of(random.bytes(32)), counter: 1, way: 'encipher' as const }];
  return {
    name: 'layer: the cell',
    secrets: SECRETS,
    run(kind, index) {
      ring.slot(0).set(at(cells, kind, index));
      ring.run(job);
      return ring.slot(0);
    },
  };
}

/** X-Wing at suite 3; X25519 with ML-KEM-512 and 1024 at 1 and 5. */
function kemKey(random: Random, suite: Suite): Subject {
  const kem = kemOf(suite);
  const { publicKey } = kem.keygen(random.bytes(32));
  const ciphertext = kem.encaps(publicKey, random.bytes(64))?.ciphertext;
  if (ciphertext === undefined) throw new Error('a key of our own was refused');
  const seeds = fixedAndRandom(random, 32);
  const keys = seeds.map((list) => list.map((seed) => new KemKey(seed, suite)));
  const run = (kind: 0 | 1, index: number) => keys[kind]?.[index]?.decaps(ciphertext);
  return { name: `KEM of suite ${suite}, decapsulation: the key`, secrets: SECRETS, run };
}

/** FIPS 203 §6.3: whether a ciphertext was rejected must not be told by the time. */
function rejection(random: Random, suite: Suite): Subject {
  const key = new KemKey(random.bytes(32), suite);
  const texts = classes((kind) => {
    const made = kemOf(suite).encaps(key.publicKey, random.bytes(64));
    if (made === undefined) throw new Error('a key of our own was refused');
    const text = made.ciphertext.slice();
    return kind === 1 ? flipped(text, random.bytes(1)[0] ?? 0) : text;
  });
  const run = (kind: 0 | 1, index: number) => key.decaps(at(texts, kind, index));
  return { name: `KEM of suite ${suite}, decapsulation: implicit rejection`, secrets: SECRETS, run };
}

function scalar(random: Random): Subject {
  const scalars = fixedAndRandom(random, 32);
  const point = random.bytes(32);
  return { name: 'X25519: the scalar', secrets: SECRETS, run: (kind, index) => x25519(at(scalars, kind, index), point) };
}

/** By the core, whoever else could sign here. */
function signing(random: Random): Subject {
  const seeds = fixedAndRandom(random, 32);
  const message = random.bytes(100);
  return { name: 'Ed25519, signing: the seed', secrets: SECRETS, run: (kind, index) => coreEd25519.sign(at(seeds, kind, index), message) };
}

function onionKey(random: Random): Subject {
  const [relay, keyId, params] = [random.bytes(32), random.bytes(8), random.bytes(16)];
  const seeds = fixedAndRandom(random, 32);
  const made = seeds.map((list) =>
    list.map((seed) => {
      const key = new OnionKey(relay, keyId, seed);
      const attempt = createHop({ relay, keyId, onionKey: key.publicKey }, params, random);
      if (isRefusal(attempt)) throw new Error(attempt.refused);
      const { create } = attempt;
      attempt.wipe();
      return { key, create };
    }),
  );
  return {
    name: 'hop handshake at the relay: the onion key',
    secrets: SECRETS,
    run(kind, index) {
      const one = made[kind]?.[index];
      const accepted = one?.key.accept(one.create, params, random);
      if (accepted === undefined || isRefusal(accepted)) throw new Error('a CREATE of our own was refused');
      wipeHop(accepted.hop);
      return accepted;
    },
  };
}

/** Compares as nobody should: it stops at the first byte that differs. The judge must see it, or it sees nothing. */
export function planted(random: Random): Subject {
  const tag = random.bytes(64);
  const guesses = classes((kind) => {
    const guess = tag.slice();
    return kind === 1 ? flipped(guess, 0) : guess;
  });
  const early = (guess: Uint8Array): boolean => {
    for (let i = 0; i < tag.length; i++) if (tag[i] !== guess[i]) return false;
    return true;
  };
  return { name: 'planted: a comparison that stops early', secrets: SECRETS, run: (kind, index) => early(at(guesses, kind, index)) };
}

export const subjects = (random: Random): readonly Subject[] => [
  layer(random, 'encipher'),
  layer(random, 'decipher'),
  cell(random),
  scalar(random),
  signing(random),
  ...SUITES.flatMap((suite) => [kemKey(random, suite), rejection(random, suite)]),
  onionKey(random),
];
