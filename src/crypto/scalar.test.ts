/** The builds of each module, for engines that can do more and less: the same bytes out for the same bytes in. */
import { describe, expect, it } from 'vitest';
import { seededRandom, testSeed } from '../base/testing.ts';
import { cellBuilds, coreBuilds, sameRing, type Build } from './builds-testing.ts';

const random = seededRandom(testSeed());

/** What all builds answer, which is one. */
function every(builds: readonly Build[], name: string, numbers: readonly number[], input: Uint8Array): Uint8Array {
  const [first, ...others] = builds.map((build) => build.run(name, numbers, input));
  if (first === undefined || others.length === 0) throw new Error('nothing to compare');
  for (const other of others) {
    expect(other.code, name).toBe(first.code);
    expect(Buffer.compare(other.area, first.area), `${name} ${numbers.join(' ')}`).toBe(0);
  }
  return first.area;
}

describe('with SIMD and without', () => {
  it.each([
    [512, 800, 1632, 768],
    [768, 1184, 2400, 1088],
    [1024, 1568, 3168, 1568],
  ])('ML-KEM-%i is the same', (size, ek, dk, ct) => {
    const builds = coreBuilds();
    for (let round = 0; round < 100; round++) {
      const keys = every(builds, 'raw_mlkem_keygen', [size], random.bytes(64)).slice(0, ek + dk);
      const input = Buffer.concat([random.bytes(32), keys.subarray(0, ek)]);
      const made = every(builds, 'raw_mlkem_encaps', [size], input).slice(0, ct + 32);
      const opened = every(builds, 'raw_mlkem_decaps', [size], Buffer.concat([keys.subarray(ek), made.subarray(0, ct)]));
      expect(opened.subarray(0, 32)).toEqual(made.subarray(ct));
      every(builds, 'raw_mlkem_decaps', [size], Buffer.concat([keys.subarray(ek), random.bytes(ct)]));
      every(builds, 'raw_mlkem_encaps', [size], random.bytes(32 + ek));
    }
  });

  it.each([12, 20])('Adiantum with XChaCha%i is the same, both ways and at any length', (rounds) => {
    const builds = cellBuilds();
    for (let length = 16; length < 1300; length += 7) {
      const input = random.bytes(36 + length);
      const sealed = every(builds, 'raw_adiantum', [rounds, 0, 4, length], input).slice(0, 36 + length);
      // The core erases the key that it was given.
      sealed.set(input.subarray(0, 32));
      const opened = every(builds, 'raw_adiantum', [rounds, 1, 4, length], sealed);
      expect(opened.subarray(32, 36 + length)).toEqual(input.subarray(32));
    }
  });

  it('signatures and hashes are the same, of any length', () => {
    const builds = coreBuilds();
    for (let length = 0; length < 700; length += 13) {
      const [seed, message] = [random.bytes(32), random.bytes(length)];
      const key = every(builds, 'ed25519_public', [], seed).slice(0, 32);
      const signature = every(builds, 'ed25519_sign', [length], Buffer.concat([seed, message])).slice(0, 64);
      for (const build of builds) expect(build.run('ed25519_satisfies', [length], Buffer.concat([key, signature, message])).code).toBe(1);
      every(builds, 'sha256', [length, 1], message);
      every(builds, 'shake256', [length, 200], message);
    }
  });

  it('what does not fit the exchange area is refused', () => {
    for (const build of coreBuilds()) {
      const codes = (calls: readonly (readonly [string, readonly number[]])[]) =>
        calls.map(([name, numbers]) => build.run(name, numbers, new Uint8Array(0)).code);
      const beyond = [65_536 - 31, 2 ** 32 - 1].map((length) => ['ed25519_sign', [length]] as const);
      expect(codes(beyond)).toEqual([15, 15]);
      expect(codes([65_536 - 95, 2 ** 32 - 1].map((length) => ['ed25519_satisfies', [length]]))).toEqual([0, 0]);
      expect(codes([65_537, 2 ** 32 - 1].map((length) => ['sha256', [length, 1]]))).toEqual([15, 15]);
      const hashes = [
        [65_536, 1],
        [65_537, 0],
        [1, 65_536],
        [2 ** 32 - 1, 2 ** 32 - 1],
      ].map((numbers) => ['shake256', numbers] as const);
      expect(codes(hashes)).toEqual([15, 15, 15, 15]);
    }
  });

  it('runs of the ring are the same', () => {
    const builds = cellBuilds();
    let layers = 0;
    while (layers < 5_000) layers += sameRing(builds, random);
    console.log(`layers in ${builds.map(({ name }) => name).join(', ')}: ${layers} the same`);
    expect(builds.length).toBeGreaterThan(1);
  });
});
