/** What is left in linear memory when a secret has gone: nothing of it, on the stack, in the tables or in freed memory. */
import { describe, expect, it } from 'vitest';
import { concat, type Bytes } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { cellBuilds, coreBuilds, STACK, type Build } from './builds-testing.ts';
import { suiteLengths, type Suite } from './suite.ts';

const random = seededRandom(testSeed());
const AREA = 65_536;
/** What the function at the door itself keeps: pointers and lengths. */
const DOOR = 64;
const suites: readonly Suite[] = [1, 3, 5];

const lay = (build: Build, ...parts: readonly Uint8Array[]): void =>
  build
    .view('io_offset', AREA)
    .fill(0)
    .set(concat(...parts));
const area = (build: Build, from: number, length: number): Bytes => build.view('io_offset', AREA).slice(from, from + length);
/** As whoever calls does, once it has what came out. */
const erase = (build: Build): void => void build.view('io_offset', AREA).fill(0);

/** The places of eight bytes in a row of a secret. */
function found(build: Build, secrets: readonly Uint8Array[]): string[] {
  const memory = Buffer.from(build.memory().buffer);
  return secrets.flatMap((secret, number) =>
    Array.from({ length: secret.length / 8 }, (_, i) => memory.indexOf(secret.subarray(8 * i, 8 * i + 8)))
      .filter((at) => at >= 0)
      .map((at) => `secret ${number} at ${at < STACK ? `${STACK - at} down the stack` : at}`),
  );
}

const stackLeft = (build: Build): number =>
  build
    .memory()
    .subarray(0, STACK - DOOR)
    .findIndex((byte) => byte !== 0);

describe.each(coreBuilds().map((build) => [build.name, build] as const))('%s', (_, build) => {
  it.each(suites)('KEM of suite %i', (suite) => {
    const { kemPublic, kemCiphertext } = suiteLengths[suite];
    const seed = random.bytes(64);
    lay(build, seed);
    const key = build.call('kem_key_new', suite);
    const publicKey = area(build, 0, kemPublic);
    const sender = random.bytes(64);
    lay(build, sender, publicKey);
    expect(build.call('kem_encaps', suite)).toBe(0);
    const [ciphertext, shared] = [area(build, 0, kemCiphertext), area(build, kemCiphertext, 32)];
    lay(build, ciphertext);
    expect(build.call('kem_decaps', key, kemCiphertext)).toBe(0);
    expect(area(build, 0, 32)).toEqual(shared);
    build.call('kem_key_free', key);
    erase(build);
    expect(found(build, [seed, sender, shared])).toEqual([]);
    expect(stackLeft(build)).toBe(-1);
  });

  it.each(suites)('handshake of suite %i', (suite) => {
    const { kemPublic, create, created } = suiteLengths[suite];
    const [relay, keyId, seed] = [random.bytes(32), random.bytes(8), random.bytes(32)];
    lay(build, relay, keyId, seed);
    const onion = build.call('onion_key_new', suite);
    const onionKey = area(build, 0, kemPublic);
    const [client, server] = [random.bytes(96), random.bytes(64)];
    lay(build, relay, keyId, random.bytes(16), client, onionKey);
    expect(build.call('client_create', suite)).toBe(0);
    const [message, handle] = [area(build, 0, create), new DataView(area(build, create, 4).buffer).getUint32(0, true)];
    lay(build, random.bytes(16), server, message);
    expect(build.call('relay_accept', onion, create)).toBe(0);
    const [answer, hop] = [area(build, 0, created), area(build, created, 112)];
    lay(build, answer);
    expect(build.call('client_finish', handle, created)).toBe(0);
    const keys = area(build, 48, 64);
    expect(keys).toEqual(hop.subarray(48));
    build.call('onion_key_free', onion);
    erase(build);
    expect(found(build, [seed, client, server, keys, hop.subarray(0, 32)])).toEqual([]);
    expect(stackLeft(build)).toBe(-1);
  });

  it('SHAKE256, of which keys are made', () => {
    const text = random.bytes(200);
    lay(build, text);
    expect(build.call('shake256', text.length, 64)).toBe(0);
    const key = area(build, 0, 64);
    erase(build);
    expect(found(build, [text, key])).toEqual([]);
  });

  it('X25519 and Ed25519', () => {
    const [scalar, seed] = [random.bytes(32), random.bytes(32)];
    lay(build, scalar, Uint8Array.of(9), new Uint8Array(31));
    expect(build.call('raw_x25519')).toBe(0);
    lay(build, seed);
    expect(build.call('ed25519_public')).toBe(0);
    lay(build, seed, random.bytes(100));
    expect(build.call('ed25519_sign', 100)).toBe(0);
    erase(build);
    expect(found(build, [scalar, seed])).toEqual([]);
    expect(stackLeft(build)).toBe(-1);
  });
});

describe.each(cellBuilds().map((build) => [build.name, build] as const))('%s', (_, build) => {
  const jobs = (list: readonly (readonly number[])[]): void => {
    build.view('jobs_offset', 16 * list.length).set(new Uint8Array(Uint32Array.from(list.flat()).buffer));
    expect(build.call('run_jobs', list.length)).toBe(0);
  };

  /** The state of linear memory after layers of all kinds, under keys that have gone, on cells that are gone. */
  function after(): Uint8Array {
    const keys = [0, 1, 2, 3].map(() => {
      lay(build, random.bytes(32));
      return build.call('layer_key_new');
    });
    erase(build);
    build.view('ring_offset', 4096).set(random.bytes(4096));
    const [key = 0] = keys;
    for (const way of [0, 1]) {
      jobs([[0, key, 7, way]]);
      jobs(keys.map((one, slot) => [slot, one, 7, way]));
    }
    build.view('ring_offset', 4096).fill(0);
    build.view('jobs_offset', 64).fill(0);
    // The last that was freed is the first that is used again.
    for (const one of keys.toReversed()) build.call('layer_key_free', one);
    return build.memory().slice();
  }

  /** The bytes that differ, with the place of each. */
  const differing = (one: Uint8Array, other: Uint8Array): string[] =>
    [...one.keys()].flatMap((at) =>
      one[at] === other[at] ? [] : [`${at < STACK ? `${STACK - at} down the stack` : at}: ${one[at]}, ${other[at]}`],
    );

  it('layers: what is left is the same whatever the keys and the cells', () => {
    after();
    const left = differing(after(), after());
    expect(left.filter((at) => at.includes('stack'))).toEqual([]);
    // How often each of four places has been used, and where the queues of slots have come to.
    expect(left.length).toBeLessThanOrEqual(16);
  });

  it('a key: nothing of it or of what is made of it once it is freed', () => {
    // The first may take along what lay on the stack before it: pointers, between the fields of a key.
    const [, one, other] = [0, 1, 2].map(() => {
      const key = random.bytes(32);
      lay(build, key);
      build.call('layer_key_free', build.call('layer_key_new'));
      expect(found(build, [key])).toEqual([]);
      return build.memory().slice();
    }) as [Uint8Array, Uint8Array, Uint8Array];
    // But for how often the place has been used.
    expect(differing(one, other).length).toBeLessThanOrEqual(1);
  });

  it('a message that is split and joined', () => {
    const text = random.bytes(3000);
    lay(build, text);
    const parts = build.call('message_split', 1, 0, 5, 9, text.length);
    const bodies = area(build, 0, 1016 * parts);
    lay(build, bodies.subarray(0, 1016));
    build.call('message_check');
    lay(build, bodies);
    expect(build.call('message_join', parts)).toBe(0);
    erase(build);
    expect(found(build, [text])).toEqual([]);
  });
});
