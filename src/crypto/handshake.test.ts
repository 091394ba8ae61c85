import { beforeAll, describe, expect, it } from 'vitest';
import { concat, equal, isRefusal, type Bytes, type Random, type Refusal } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { core, coreArea } from './core.ts';
import {
  CREATE,
  CREATED,
  createHop,
  createKeyId,
  decipherLayers,
  encipherLayers,
  inUse,
  kem,
  LayerKey,
  OnionKey,
  wipeHop,
  type Hop,
  type HopAttempt,
} from './index.ts';
import { initCryptoNode } from './node.ts';
import * as oracle from './oracle.ts';

const random = seededRandom(testSeed());
const relay = random.bytes(32);
const keyId = random.bytes(8);
const seed = random.bytes(32);
const toRelay = random.bytes(16);
const toClient = random.bytes(16);

let onion: OnionKey;

beforeAll(async () => {
  await initCryptoNode();
  onion = new OnionKey(relay, keyId, seed);
});

/** Gives exactly these bytes, once. */
const given = (bytes: Bytes): Random => ({
  bytes(length) {
    if (length !== bytes.length) throw new Error(`the protocol draws ${bytes.length} bytes here, not ${length}`);
    return bytes;
  },
});

function accepted<T>(value: T | Refusal): T {
  if (isRefusal(value)) throw new Error(`refused: ${value.refused}`);
  return value;
}

const attempt = (source: Random = random): HopAttempt => accepted(createHop({ relay, keyId, onionKey: onion.publicKey }, toRelay, source));

/** Whether two keys give the same cells. */
function sameKey(a: LayerKey, b: LayerKey): boolean {
  const [one, other] = [new Uint8Array(1024), new Uint8Array(1024)];
  encipherLayers(one, [a], [1]);
  encipherLayers(other, [b], [1]);
  return equal(one, other);
}

function isKey(layer: LayerKey, raw: Uint8Array): boolean {
  const own = LayerKey.of(raw);
  const same = sameKey(layer, own);
  own.wipe();
  return same;
}

describe('the hop handshake', () => {
  it('gives both sides the same keys, bind, and the other’s params', () => {
    const client = attempt();
    const { hop: theirs, created } = accepted(onion.accept(client.create, toClient, random));
    const ours = accepted(client.finish(created));
    expect([client.create.length, created.length]).toEqual([CREATE, CREATED]);
    expect(ours.bind).toEqual(theirs.bind);
    expect(theirs.params).toEqual(toRelay);
    expect(ours.params).toEqual(toClient);
    expect(sameKey(ours.forward, theirs.forward) && sameKey(ours.backward, theirs.backward)).toBe(true);
    expect(sameKey(ours.forward, ours.backward)).toBe(false);
    const cell = random.bytes(1024);
    const before = cell.slice();
    encipherLayers(cell, [ours.forward], [3]);
    decipherLayers(cell, [theirs.forward], [3]);
    expect(cell).toEqual(before);
    [ours, theirs].forEach(wipeHop);
  });

  it('is byte for byte the oracle’s', () => {
    for (let round = 0; round < 10; round++) {
      const [forClient, forRelay] = [random.bytes(96), random.bytes(64)];
      const client = attempt(given(forClient));
      const expected = oracle.create({ relay, keyId, onionKey: onion.publicKey, params: toRelay, random: forClient });
      expect(client.create).toEqual(expected.create);
      const { hop, created } = accepted(onion.accept(client.create, toClient, given(forRelay)));
      const theirs = oracle.accept(seed, client.create, toClient, forRelay);
      expect(created).toEqual(theirs.created);
      expect(hop.params).toEqual(new Uint8Array(theirs.clientParams));
      expect(hop.bind).toEqual(theirs.keys.bind);
      const finished: Hop = accepted(client.finish(theirs.created));
      expect(isKey(finished.forward, theirs.keys.forward) && isKey(finished.backward, theirs.keys.backward)).toBe(true);
      expect(isKey(hop.forward, theirs.keys.forward) && isKey(hop.backward, theirs.keys.backward)).toBe(true);
      [hop, finished].forEach(wipeHop);
    }
  });

  it('refuses CREATE with any one bit flipped', { timeout: 120_000 }, () => {
    const client = attempt();
    const before = inUse();
    const words = new Set<string>();
    for (let bit = 0; bit < 8 * CREATE; bit++) {
      const flipped = client.create.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = onion.accept(flipped, toClient, random);
      if (!isRefusal(result)) throw new Error(`bit ${bit} was flipped and CREATE is accepted`);
      words.add(result.refused);
    }
    expect([...words].toSorted()).toEqual(['create-box', 'create-key-id', 'create-relay', 'create-suite', 'create-version']);
    expect(inUse()).toEqual(before);
    client.wipe();
  });

  it('refuses CREATED with any one bit flipped', { timeout: 120_000 }, () => {
    const forClient = random.bytes(96);
    const first = attempt(given(forClient));
    const { hop, created } = accepted(onion.accept(first.create, toClient, random));
    const before = inUse();
    const words = new Set<string>();
    for (let bit = 0; bit < 8 * CREATED; bit++) {
      const flipped = created.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = attempt(given(forClient)).finish(flipped);
      if (!isRefusal(result)) throw new Error(`bit ${bit} was flipped and CREATED is accepted`);
      words.add(result.refused);
    }
    expect([...words].toSorted()).toEqual(['created-auth', 'created-box']);
    expect(inUse()).toEqual(before);
    expect(isRefusal(first.finish(created))).toBe(false);
    wipeHop(hop);
  });

  it('refuses every other length, in TypeScript and in the core', () => {
    const client = attempt();
    const { hop, created } = accepted(onion.accept(client.create, toClient, random));
    const padded = concat(client.create, new Uint8Array(2));
    for (let length = 0; length <= padded.length; length++) {
      if (length === CREATE) continue;
      expect(onion.accept(padded.subarray(0, length), toClient, random)).toEqual({ refused: 'create-length' });
    }
    for (let length = 0; length <= CREATED + 2; length++) {
      if (length === CREATED) continue;
      const one = attempt();
      expect(one.finish(concat(created, new Uint8Array(2)).subarray(0, length))).toEqual({ refused: 'created-length' });
      // 11: a handle that is not there. The core looks at lengths before it computes, and at handles before either.
      expect(coreArea.exchange([created.subarray(0, length)], (laid) => core.client_finish(0, laid), 0)).toBe(11);
    }
    client.wipe();
    wipeHop(hop);
  });
});

describe('who may answer', () => {
  it('not a relay with another key, nor under another id', () => {
    const client = attempt();
    const others = [
      new OnionKey(relay, keyId, random.bytes(32)),
      new OnionKey(random.bytes(32), keyId, seed),
      new OnionKey(relay, random.bytes(8), seed),
    ];
    const words = others.map((key) => key.accept(client.create, toClient, random));
    expect(words).toEqual([{ refused: 'create-box' }, { refused: 'create-relay' }, { refused: 'create-key-id' }]);
    others.forEach((key) => key.wipe());
    client.wipe();
  });

  it('a replayed CREATE gives other keys, and a CREATED of another attempt is refused', () => {
    const client = attempt();
    const [one, two] = [accepted(onion.accept(client.create, toClient, random)), accepted(onion.accept(client.create, toClient, random))];
    expect(one.hop.bind).not.toEqual(two.hop.bind);
    expect(attempt().finish(one.created)).toEqual({ refused: 'created-auth' });
    client.wipe();
    [one.hop, two.hop].forEach(wipeHop);
  });

  it('never for an onion key that is not one: unreduced, of low order, of another length', () => {
    const unreduced = onion.publicKey.slice().fill(0xff, 0, 3);
    const lowOrder = concat(onion.publicKey.subarray(0, 1184), new Uint8Array(32));
    for (const onionKey of [unreduced, lowOrder, onion.publicKey.subarray(1)]) {
      expect(createHop({ relay, keyId, onionKey }, toRelay, random)).toEqual({ refused: 'create-public-key' });
    }
  });

  it('a client’s ephemeral key of low order is refused by the relay', () => {
    const forClient = random.bytes(96);
    const made = kem.encaps(onion.publicKey, forClient.subarray(32));
    if (made === undefined) throw new Error('no ciphertext');
    const bad = concat(Uint8Array.of(1, 3), relay, keyId, made.ciphertext, onion.publicKey.subarray(0, 1184), new Uint8Array(32));
    const key = oracle.kdf('create', 32, made.sharedSecret, onion.publicKey, bad);
    expect(onion.accept(concat(bad, oracle.sealBox(key, 'create', toRelay)), toClient, random)).toEqual({ refused: 'create-public-key' });
  });
});

describe('what is held', () => {
  it('nothing, after every ending', () => {
    const before = inUse();
    const given1 = attempt();
    given1.wipe();
    given1.wipe();
    const refusedOne = attempt();
    refusedOne.finish(new Uint8Array(CREATED));
    refusedOne.wipe();
    const client = attempt();
    const { hop, created } = accepted(onion.accept(client.create, toClient, random));
    const ours = accepted(client.finish(created));
    expect(() => client.finish(created)).toThrow(/has ended/);
    [ours, hop, ours].forEach(wipeHop);
    expect(inUse()).toEqual(before);
  });

  it('a key id can be read before a key is chosen', () => {
    const client = attempt();
    expect(createKeyId(client.create)).toEqual(keyId);
    expect(createKeyId(client.create.subarray(1))).toEqual({ refused: 'create-length' });
    client.wipe();
  });
});
