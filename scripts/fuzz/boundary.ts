/**
 * Random cases across the WebAssembly boundary: every build of a module that this engine runs, beside each other, and beside the same on
 * noble where noble has it. Bad input is among them: damaged keys, ciphertexts and frames, lengths that nothing has.
 */
import { x25519 } from '@noble/curves/ed25519.js';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { concat, readU32, type Bytes, type Random } from '../../src/base/index.ts';
import { cellBuilds, coreBuilds, sameRing, type Build } from '../../src/crypto/builds-testing.ts';
import * as oracle from '../../src/crypto/oracle.ts';
import { suiteLengths, SUITES, type Suite } from '../../src/crypto/suite.ts';

export interface Kind {
  readonly name: string;
  /** Plays about one case; gives how many they were. Throws, saying what differs. */
  play(random: Random): number;
}

const BODY = 1016;
const DATA = 986;
const KEM_RANDOM = 64;
const HOP = 112;

interface Builds {
  readonly cells: readonly Build[];
  readonly cores: readonly Build[];
}

const start = (): Builds => ({ cells: cellBuilds(), cores: coreBuilds() });
let [started, apart]: (Builds | undefined)[] = [];
const builds = (): Builds => (started ??= start());

interface Answer {
  readonly code: number;
  readonly area: Uint8Array;
}

/** What all builds answer, which is one. */
function all(which: 'cells' | 'cores', name: string, numbers: readonly number[], input: Uint8Array, on = builds()): Answer {
  const [first, ...others] = on[which].map((build) => ({ build, ...build.run(name, numbers, input) }));
  if (first === undefined || others.length === 0) throw new Error(`${name}: nothing to compare`);
  for (const other of others)
    if (other.code !== first.code || Buffer.compare(other.area, first.area) !== 0)
      throw new Error(`${name} ${numbers.join(' ')}: ${other.build.name} differs from ${first.build.name} on ${hex(input)}`);
  return first;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const below = (random: Random, end: number): number => readU32(random.bytes(4), 0) % end;
const oneIn = (random: Random, n: number): boolean => below(random, n) === 0;

/** With one bit turned. */
function damaged(bytes: Uint8Array, random: Random): Bytes {
  const other = new Uint8Array(bytes);
  const bit = below(random, 8 * other.length);
  other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return other;
}

function same(what: string, ours: Uint8Array, theirs: Uint8Array): void {
  if (Buffer.compare(ours, theirs) !== 0) throw new Error(`${what}: ${hex(ours)} is not noble’s ${hex(theirs)}`);
}

/** What noble gives; undefined where it throws, which is how it refuses. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const layers: Kind = { name: 'layers of cells: builds', play: (random) => sameRing(builds().cells, random) };

/** noble has the parts of Adiantum and not the whole: oracle.ts puts them together, slowly. */
const layersOfNoble: Kind = {
  name: 'Adiantum: builds and noble',
  play(random) {
    const isShort = oneIn(random, 8);
    const [length, way] = [isShort ? below(random, 16) : 16 + below(random, 1200), below(random, 2)];
    const [key, tweak, message] = [random.bytes(32), random.bytes(below(random, 33)), random.bytes(length)];
    const { code, area } = all('cells', 'raw_adiantum', [12, way, tweak.length, length], concat(key, tweak, message));
    if ((code === 0) !== length >= 16) throw new Error(`Adiantum of ${length} bytes: ${code}`);
    if (code === 0) {
      const at = 32 + tweak.length;
      same('Adiantum', area.subarray(at, at + length), oracle.adiantum12(way === 0 ? 'encipher' : 'decipher', key, tweak, message));
    }
    return 1;
  },
};

/** Jobs that name what is not there: refused, and nothing done. */
const wrongJobs: Kind = {
  name: 'jobs that are not possible: builds',
  play(random) {
    const cell = random.bytes(1024);
    const word = (): number => readU32(random.bytes(4), 0);
    const jobs = Uint32Array.from([below(random, 512), word(), word(), word(), 256 + below(random, 1000), 0, word(), 1]);
    const count = oneIn(random, 4) ? 1025 + below(random, 2 ** 31) : 2;
    const codes = builds().cells.map((build) => {
      const ring = build.view('ring_offset', 1024);
      ring.set(cell);
      build.view('jobs_offset', 32).set(new Uint8Array(jobs.buffer));
      const code = build.call('run_jobs', count);
      if (code === 0) throw new Error(`${build.name}: jobs ${jobs.join(' ')} were run`);
      same('a cell after refused jobs', ring, cell);
      return code;
    });
    if (new Set(codes).size !== 1) throw new Error(`jobs ${jobs.join(' ')}: refused as ${codes.join(', ')}`);
    return 1;
  },
};

/** The cells of docs/protocol.md §4.3, written plainly. */
function plainSplit(head: readonly number[], message: number, seen: number, text: Uint8Array): Bytes {
  let parts = 1;
  while (parts * DATA < text.length) parts *= 2;
  const bodies = new Uint8Array(parts * BODY);
  const view = new DataView(bodies.buffer);
  for (let part = 0; part < parts; part++) {
    const [at, data] = [part * BODY, text.subarray(part * DATA, (part + 1) * DATA)];
    bodies.set([head[0] ?? 0, part, parts, head[1] ?? 0], at + 16);
    view.setUint32(at + 20, message);
    view.setUint32(at + 24, seen);
    view.setUint16(at + 28, data.length);
    bodies.set(data, at + 30);
  }
  return bodies;
}

const messages: Kind = {
  name: 'messages split and joined: builds',
  play(random) {
    const text = random.bytes(oneIn(random, 8) ? below(random, 63_105) : below(random, 2200));
    const [head, message, seen] = [[below(random, 256), below(random, 2)], readU32(random.bytes(4), 0), readU32(random.bytes(4), 0)];
    const want = plainSplit(head, message, seen, text);
    const split = all('cells', 'message_split', [head[0] ?? 0, head[1] ?? 0, message, seen, text.length], text);
    same('a message that was split', split.area.subarray(0, split.code * BODY), want);
    const count = want.length / BODY;
    const joined = all('cells', 'message_join', [count], want);
    if (joined.code !== 0) throw new Error(`a message of ${text.length} bytes is not joined: ${joined.code}`);
    same('a message that was joined', joined.area.subarray(4, 4 + text.length), text);
    const changed = damaged(want, random);
    all('cells', 'message_join', [count], changed);
    all('cells', 'message_check', [], changed);
    all('cells', 'message_join', [below(random, 2 ** 32)], changed);
    if (all('cells', 'message_split', [0, 0, 0, 0, 63_105 + below(random, 2 ** 31)], text).code !== 0)
      throw new Error('a message that is too long was split');
    return 1;
  },
};

const lattices = [
  { size: 512, ek: 800, dk: 1632, ct: 768, noble: ml_kem512 },
  { size: 768, ek: 1184, dk: 2400, ct: 1088, noble: ml_kem768 },
  { size: 1024, ek: 1568, dk: 3168, ct: 1568, noble: ml_kem1024 },
] as const;
type Lattice = (typeof lattices)[number];

/** One encapsulation to a key that is good or not, with noble's word for it. */
function encapsulated({ size, ct, noble }: Lattice, ek: Uint8Array, m: Uint8Array): Bytes | undefined {
  const { code, area } = all('cores', 'raw_mlkem_encaps', [size], concat(m, ek));
  const theirs = attempt(() => noble.encapsulate(ek, m));
  if ((code === 0) !== (theirs !== undefined)) throw new Error(`ML-KEM-${size}: a key refused by one alone: ${hex(ek)}`);
  if (theirs === undefined) return undefined;
  const ours = area.slice(0, ct + 32);
  same(`ML-KEM-${size} encapsulation`, ours, concat(theirs.cipherText, theirs.sharedSecret));
  return ours.subarray(0, ct);
}

function decapsulated({ size, noble }: Lattice, dk: Uint8Array, ct: Uint8Array): void {
  const { code, area } = all('cores', 'raw_mlkem_decaps', [size], concat(dk, ct));
  const theirs = attempt(() => noble.decapsulate(ct, dk));
  if ((code === 0) !== (theirs !== undefined)) throw new Error(`ML-KEM-${size}: a secret key refused by one alone: ${hex(dk)}`);
  if (theirs !== undefined) same(`ML-KEM-${size} decapsulation`, area.subarray(0, 32), theirs);
}

const latticeKind = (lattice: Lattice): Kind => ({
  name: `ML-KEM-${lattice.size}: builds and noble`,
  play(random) {
    const { size, ek, dk, noble } = lattice;
    const [seed, m] = [random.bytes(64), random.bytes(32)];
    const keys = all('cores', 'raw_mlkem_keygen', [size], seed).area.slice(0, ek + dk);
    const theirs = noble.keygen(seed);
    same(`ML-KEM-${size} keys`, keys, concat(theirs.publicKey, theirs.secretKey));
    const [publicKey, secretKey] = [keys.subarray(0, ek), keys.subarray(ek)];
    const sent = encapsulated(lattice, publicKey, m);
    if (sent === undefined) throw new Error(`ML-KEM-${size}: a good key is refused: ${hex(publicKey)}`);
    // Each case has one good pair and one that is damaged in one of three places, or made of noise.
    decapsulated(lattice, secretKey, sent);
    const bad = below(random, 4);
    if (bad === 0) decapsulated(lattice, secretKey, damaged(sent, random));
    if (bad === 1) decapsulated(lattice, damaged(secretKey, random), sent);
    if (bad === 2) encapsulated(lattice, damaged(publicKey, random), m);
    if (bad === 3) encapsulated(lattice, random.bytes(ek), m);
    return 1;
  },
});

/** u of low order, and where p and what is just below and above it are; the unused top bit is ignored (RFC 7748 §5). */
const P = 2n ** 255n - 19n;
const ORDER_8 = [
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];
const points: readonly Bytes[] = [0n, 1n, ...ORDER_8, P - 1n, P, P + 1n, 2n ** 255n - 1n].flatMap((u) =>
  [0n, 2n ** 255n].map((top) => Uint8Array.from({ length: 32 }, (_, i) => Number(((u + top) >> BigInt(8 * i)) & 255n))),
);

const curve: Kind = {
  name: 'X25519: builds and noble',
  play(random) {
    const scalar = random.bytes(32);
    const point = oneIn(random, 16) ? (points[below(random, points.length)] ?? random.bytes(32)) : random.bytes(32);
    const { code, area } = all('cores', 'raw_x25519', [], concat(scalar, point));
    const theirs = attempt(() => x25519.getSharedSecret(scalar, point));
    if ((code === 0) !== (theirs !== undefined)) throw new Error(`X25519: refused by one alone: ${hex(scalar)} ${hex(point)}`);
    if (theirs !== undefined) same('X25519', area.subarray(0, 32), theirs);
    return 1;
  },
};

/** A call that gives a handle, which may be another in each build: theirs, and the bytes that came with it. */
function handles(name: string, numbers: readonly number[], input: Uint8Array, length: number): { handle: number; bytes: Uint8Array } {
  const { code, area } = all('cores', name, numbers, input);
  if (code === 0) throw new Error(`${name}: no handle`);
  return { handle: code, bytes: area.slice(0, length) };
}

const free = (name: string, handle: number): void => builds().cores.forEach((build) => build.call(name, handle));

const hybrid: Kind = {
  name: 'KEMs of the suites: builds and noble',
  play(random) {
    const suite = SUITES[below(random, 3)] ?? 3;
    const { kemPublic, kemCiphertext } = suiteLengths[suite];
    const [seed, chance] = [random.bytes(32), random.bytes(KEM_RANDOM)];
    const key = handles('kem_key_new', [suite], seed, kemPublic);
    const noble = oracle.kems[suite];
    same(`public key of suite ${suite}`, key.bytes, noble.keygen(seed).publicKey);
    const made = all('cores', 'kem_encaps', [suite], concat(chance, key.bytes)).area.slice(0, kemCiphertext + 32);
    const theirs = noble.encapsulate(key.bytes, chance);
    same(`encapsulation of suite ${suite}`, made, concat(theirs.cipherText, theirs.sharedSecret));
    const ciphertext = oneIn(random, 2) ? damaged(theirs.cipherText, random) : new Uint8Array(theirs.cipherText);
    const { code, area } = all('cores', 'kem_decaps', [key.handle, ciphertext.length], ciphertext);
    const opened = attempt(() => noble.decapsulate(ciphertext, seed));
    if ((code === 0) !== (opened !== undefined)) throw new Error(`suite ${suite}: a ciphertext refused by one alone: ${hex(ciphertext)}`);
    if (opened !== undefined) same(`decapsulation of suite ${suite}`, area.subarray(0, 32), opened);
    const length = below(random, 70_000);
    if (length !== kemCiphertext && all('cores', 'kem_decaps', [key.handle, length], ciphertext).code === 0)
      throw new Error(`suite ${suite}: a ciphertext of ${length} bytes is taken`);
    free('kem_key_free', key.handle);
    return 1;
  },
};

interface Exchange {
  readonly suite: Suite;
  readonly seed: Bytes;
  readonly onion: { readonly handle: number; readonly bytes: Uint8Array };
  readonly client: number;
  readonly create: Uint8Array;
}

/** An onion key and a CREATE to it, as noble has them. */
function begin(random: Random): Exchange {
  const suite = SUITES[below(random, 3)] ?? 3;
  const { kemPublic, create: length } = suiteLengths[suite];
  const [relay, keyId, seed, params, chance] = [32, 8, 32, 16, 96].map((n) => random.bytes(n)) as [Bytes, Bytes, Bytes, Bytes, Bytes];
  const onion = handles('onion_key_new', [suite], concat(relay, keyId, seed), kemPublic);
  const made = all('cores', 'client_create', [suite], concat(relay, keyId, params, chance, onion.bytes));
  if (made.code !== 0) throw new Error(`CREATE of suite ${suite}: refused as ${made.code}`);
  const create = made.area.slice(0, length);
  same('CREATE', create, oracle.create({ relay, keyId, onionKey: onion.bytes, params, random: chance, suite }).create);
  const client = new DataView(made.area.buffer, made.area.byteOffset).getUint32(length, true);
  return { suite, seed, onion, client, create };
}

const handshake: Kind = {
  name: 'hop handshakes: builds and noble',
  play(random) {
    const { suite, seed, onion, client, create } = begin(random);
    const { created: length } = suiteLengths[suite];
    const [params, chance] = [random.bytes(16), random.bytes(KEM_RANDOM)];
    const accept = (frame: Uint8Array): Answer => all('cores', 'relay_accept', [onion.handle, frame.length], concat(params, chance, frame));
    const taken = accept(create);
    if (taken.code !== 0) throw new Error(`CREATE of suite ${suite} is not accepted: ${taken.code}`);
    const theirs = oracle.accept(seed, create, params, chance, suite);
    const { bind, forward, backward } = theirs.keys;
    const hop = concat(bind, theirs.clientParams, forward, backward);
    same('CREATED and keys', taken.area.subarray(0, length + HOP), concat(theirs.created, hop));
    const changed = oneIn(random, 8) ? create.subarray(0, below(random, create.length)) : damaged(create, random);
    if (accept(changed).code === 0) throw new Error(`a CREATE that was changed is accepted: ${hex(changed)}`);
    // A client takes one answer, whatever it is.
    const isGood = oneIn(random, 2);
    const answer = isGood ? theirs.created : damaged(theirs.created, random);
    const done = all('cores', 'client_finish', [client, answer.length], answer);
    if ((done.code === 0) !== isGood) throw new Error(`CREATED ${isGood ? 'is refused' : 'that was changed is taken'}: ${hex(answer)}`);
    if (isGood) same('the client’s keys', done.area.subarray(0, HOP), concat(bind, params, forward, backward));
    free('onion_key_free', onion.handle);
    return 1;
  },
};

/** What each module exports, with the number of its arguments. */
const doors = {
  cells: { message_split: 5, message_check: 0, message_join: 1, layer_key_new: 0, layer_key_free: 1, layer_keys_in_use: 0, run_jobs: 1 },
  cores: {
    kem_key_new: 1,
    kem_key_free: 1,
    kem_encaps: 1,
    kem_decaps: 2,
    onion_key_new: 1,
    onion_key_free: 1,
    client_create: 1,
    client_finish: 2,
    client_free: 1,
    relay_accept: 2,
    in_use: 1,
    raw_x25519: 0,
    raw_mlkem_keygen: 1,
    raw_mlkem_encaps: 1,
    raw_mlkem_decaps: 1,
  },
} as const;
const given: number[] = [0, 1, 2, 3, 5, 512, 768, 1024, 1016, 65_536, 65_537, 2 ** 31, 2 ** 32 - 1];
const LASTING = given.length;

/** Any call with any numbers, to builds of its own: an answer, the same from all builds, and never a trap. Freed handles are among the numbers. */
const anyCall: Kind = {
  name: 'any call at either door: builds',
  play(random) {
    const which = oneIn(random, 2) ? 'cells' : 'cores';
    const names = Object.entries<number>(doors[which]);
    const [name, arity] = names[below(random, names.length)] ?? ['in_use', 1];
    const number = (): number => (oneIn(random, 3) ? below(random, 70_000) : (given[below(random, given.length)] ?? 0));
    apart ??= start();
    const input = random.bytes(oneIn(random, 4) ? below(random, 5000) : below(random, 64));
    const { code } = all(which, name, Array.from({ length: arity }, number), input, apart);
    if (name.endsWith('_new') && code !== 0) given.push(code);
    if (given.length > LASTING + 12) {
      for (const handle of given.splice(LASTING)) {
        for (const name of ['kem_key_free', 'onion_key_free']) apart.cores.forEach((build) => build.call(name, handle));
        apart.cells.forEach((build) => build.call('layer_key_free', handle));
      }
    }
    return 1;
  },
};

/** Each with its share of the cases across the boundary. */
export const kinds: readonly (readonly [Kind, number])[] = [
  [layers, 0.25],
  [anyCall, 0.05],
  [messages, 0.15],
  [wrongJobs, 0.05],
  [layersOfNoble, 0.05],
  [curve, 0.1],
  ...lattices.map((lattice) => [latticeKind(lattice), 0.1] as const),
  [hybrid, 0.025],
  [handshake, 0.025],
];

/** Plays `count` cases of a kind or a few more; says what differs. */
export function playKind({ play }: Kind, count: number, random: Random): { readonly passed: number; readonly faults: readonly string[] } {
  const faults: string[] = [];
  let passed = 0;
  while (passed + faults.length < count) {
    try {
      passed += play(random);
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { passed, faults };
}
