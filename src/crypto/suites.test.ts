/** KEM and handshake at every suite beside the oracle, and that none passes for another. */
import { beforeAll, describe, expect, it } from 'vitest';
import { equal, isRefusal, type Random, type Refusal } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { LayerKey, OnionKey, createHop, encipherLayers, inUse, kemOf, suiteLengths, SUITES, wipeHop } from './index.ts';
import { initCryptoNode } from './node.ts';
import * as oracle from './oracle.ts';

const random = seededRandom(testSeed());
const [relay, keyId, toRelay, toClient] = [32, 8, 16, 16].map((length) => random.bytes(length)) as [
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>,
];

beforeAll(initCryptoNode);

const given = (bytes: Uint8Array<ArrayBuffer>): Random => ({ bytes: () => bytes });

function accepted<T>(value: T | Refusal): T {
  if (isRefusal(value)) throw new Error(`refused: ${value.refused}`);
  return value;
}

/** Whether a layer key has these bytes. */
function isKey(layer: LayerKey, raw: Uint8Array): boolean {
  const own = LayerKey.of(raw);
  const [one, other] = [new Uint8Array(1024), new Uint8Array(1024)];
  encipherLayers(one, [layer], [1]);
  encipherLayers(other, [own], [1]);
  own.wipe();
  return equal(one, other);
}

describe.each(SUITES)('suite %i', (suite) => {
  const lengths = suiteLengths[suite];

  it('has the KEM of the oracle', () => {
    const kem = kemOf(suite);
    for (let round = 0; round < 20; round++) {
      const [seed, chance] = [random.bytes(32), random.bytes(64)];
      const { publicKey } = kem.keygen(seed);
      expect(publicKey).toEqual(new Uint8Array(oracle.kems[suite].keygen(seed).publicKey));
      const made = kem.encaps(publicKey, chance);
      const theirs = oracle.kems[suite].encapsulate(publicKey, chance);
      if (made === undefined) throw new Error('a good key is refused');
      expect([publicKey.length, made.ciphertext.length]).toEqual([lengths.kemPublic, lengths.kemCiphertext]);
      expect(made.ciphertext).toEqual(new Uint8Array(theirs.cipherText));
      expect(made.sharedSecret).toEqual(new Uint8Array(theirs.sharedSecret));
      expect(kem.decaps(seed, made.ciphertext)).toEqual(made.sharedSecret);
      const changed = made.ciphertext.slice();
      changed[round] = (changed[round] ?? 0) ^ 1;
      expect(kem.decaps(seed, changed)).toEqual(new Uint8Array(oracle.kems[suite].decapsulate(changed, seed)));
    }
  });

  it('has the handshake of the oracle, byte for byte', () => {
    const seed = random.bytes(32);
    const onion = new OnionKey(relay, keyId, seed, suite);
    const before = inUse();
    const [forClient, forRelay] = [random.bytes(96), random.bytes(64)];
    const target = { relay, keyId, onionKey: onion.publicKey, suite };
    const client = accepted(createHop(target, toRelay, given(forClient)));
    expect(client.create).toEqual(oracle.create({ ...target, params: toRelay, random: forClient }).create);
    const { hop, created } = accepted(onion.accept(client.create, toClient, given(forRelay)));
    const theirs = oracle.accept(seed, client.create, toClient, forRelay, suite);
    expect(created).toEqual(theirs.created);
    expect([client.create.length, created.length]).toEqual([lengths.create, lengths.created]);
    const ours = accepted(client.finish(created));
    for (const side of [ours, hop]) {
      expect(isKey(side.forward, theirs.keys.forward) && isKey(side.backward, theirs.keys.backward)).toBe(true);
      expect(side.bind).toEqual(theirs.keys.bind);
      wipeHop(side);
    }
    expect([hop.params, ours.params]).toEqual([toRelay, toClient]);
    expect(inUse()).toEqual(before);
    onion.wipe();
  });

  it('takes no CREATE of another suite, whatever it calls itself, and no onion key of another', () => {
    const onion = new OnionKey(relay, keyId, random.bytes(32), suite);
    for (const other of SUITES.filter((one) => one !== suite)) {
      const theirs = new OnionKey(relay, keyId, random.bytes(32), other);
      const attempt = accepted(createHop({ relay, keyId, onionKey: theirs.publicKey, suite: other }, toRelay, random));
      expect(onion.accept(attempt.create, toClient, random)).toEqual({ refused: 'create-length' });
      const disguised = new Uint8Array(lengths.create);
      disguised.set(attempt.create.subarray(0, lengths.create));
      expect(onion.accept(disguised, toClient, random)).toEqual({ refused: 'create-suite' });
      disguised[1] = suite;
      expect(isRefusal(onion.accept(disguised, toClient, random))).toBe(true);
      // A client that holds a relay to the suite of its descriptor does not fall back to the key of a lower one.
      expect(createHop({ relay, keyId, onionKey: theirs.publicKey, suite }, toRelay, random)).toEqual({ refused: 'create-public-key' });
      attempt.wipe();
      theirs.wipe();
    }
    onion.wipe();
  });

  it('ends an attempt with a CREATED of any other length or bit', () => {
    const onion = new OnionKey(relay, keyId, random.bytes(32), suite);
    const forClient = random.bytes(96);
    const attempt = () => accepted(createHop({ relay, keyId, onionKey: onion.publicKey, suite }, toRelay, given(forClient)));
    const { hop, created } = accepted(onion.accept(attempt().create, toClient, random));
    wipeHop(hop);
    for (const other of SUITES.filter((one) => one !== suite))
      expect(attempt().finish(new Uint8Array(suiteLengths[other].created))).toEqual({ refused: 'created-length' });
    for (let at = 0; at < created.length; at += 13) {
      const flipped = created.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      expect(isRefusal(attempt().finish(flipped))).toBe(true);
    }
    onion.wipe();
  });
});
