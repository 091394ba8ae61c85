/**
 * The layers of cells, against one AEAD of 1 KiB: noble's, libsodium's and node:crypto's ChaCha20-Poly1305, and WebCrypto's AES-256-GCM.
 *
 *   cell-layer, -open, -batch, -mixed   raw against raw: cells lie in linear memory already, as libsodium's do
 *   onion-3, onion-5             as the app calls it: a cell is copied in and out, libsodium's message too
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { equal, systemRandom, type Bytes } from '../src/base/index.ts';
import { cell as module, memory } from '../src/crypto/core.ts';
import { CELL, encipherLayers, LayerKey, ring } from '../src/crypto/index.ts';
import { race, type Operation, type Row } from '../src/crypto/race.ts';
import type { NativeCrypto } from './host.ts';
import type { Sodium, SodiumSlot } from './peers.ts';

const CELLS = 8;
const LAYERS = 3;
const random = (length: number): Bytes => systemRandom.bytes(length);
/** Another nonce for each operation, as a cell has another counter. */
const nonce = new Uint8Array(12);
let count = 0;
const next = (): number => (count = (count + 1) & 0xff);

/** Lays `[slot, key]` pairs as jobs, in order; the operation runs them all in one call, under counters that move on. Way 0 enciphers, 1 deciphers. */
function jobsOf(pairs: readonly (readonly [slot: number, key: LayerKey])[], way: 0 | 1 = 0): Operation {
  const jobs = pairs.map(([slot, key]) => [slot, key.handle] as const);
  return () => {
    const words = memory().jobs;
    const counter = next();
    for (let i = 0; i < jobs.length; i++) {
      const job = jobs[i];
      if (job === undefined) return;
      words[4 * i] = job[0];
      words[4 * i + 1] = job[1];
      words[4 * i + 2] = counter;
      words[4 * i + 3] = way;
    }
    const code = module.run_jobs(jobs.length);
    if (code !== 0) throw new Error(`the core refused with ${code}`);
  };
}

const layerKeys = (many: number): LayerKey[] => Array.from({ length: many }, () => LayerKey.of(random(32)));

function at<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new RangeError('an empty list');
  return found;
}

/** The peers' keys and messages: `keys` of them, used in turn. */
async function aeadPeers(sodium: Sodium, keys: number) {
  const raw = Array.from({ length: keys }, () => random(32));
  const message = random(CELL);
  const slots = raw.map((key) => sodium.slot(key, message));
  const aes = await Promise.all(raw.map((key) => crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt'])));
  agree(at(raw, 0), message, at(slots, 0));
  return {
    sodium: (i: number): void => at(slots, i).seal(next()),
    noble: (i: number): Uint8Array => {
      nonce[0] = next();
      return chacha20poly1305(at(raw, i), nonce).encrypt(message);
    },
    wrapper: (i: number): Uint8Array => {
      nonce[0] = next();
      return sodium.wrapped(message, nonce, at(raw, i));
    },
    native: (crypto: NativeCrypto): unknown => {
      nonce[0] = next();
      return crypto.seal(at(raw, 0), nonce, message);
    },
    aes: (i: number): Promise<ArrayBuffer> => {
      nonce[0] = next();
      return crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, at(aes, i), message);
    },
  };
}

/** Whether two that are compared do the same work at all. */
function agree(key: Uint8Array, message: Uint8Array, slot: SodiumSlot): void {
  const expected = chacha20poly1305(key, new Uint8Array(12)).encrypt(message);
  if (!equal(slot.sealCopied(0, message), new Uint8Array(expected)))
    throw new Error('libsodium and noble seal differently: nothing to compare');
}

const repeat = (times: number, work: (i: number) => unknown): Operation => {
  return () => {
    for (let i = 0; i < times; i++) work(i);
  };
};
const together = (times: number, work: (i: number) => Promise<unknown>): Operation => {
  return () => Promise.all(Array.from({ length: times }, (_, i) => work(i)));
};

export async function* cellRows(sodium: Sodium, native: NativeCrypto | undefined): AsyncGenerator<Row> {
  for (let slot = 0; slot < CELLS; slot++) ring.slot(slot).set(random(CELL));
  yield await oneLayer('cell-layer', sodium, native, 0);
  yield await oneLayer('cell-layer-open', sodium, native, 1);
  yield await batch('cell-layer-batch', sodium, CELLS * LAYERS, (keys) =>
    Array.from({ length: CELLS * LAYERS }, (_, i) => [Math.floor(i / LAYERS), at(keys, i % LAYERS)] as const),
  );
  yield await batch('cell-layer-mixed', sodium, CELLS, (keys) => keys.slice(0, CELLS).map((key, slot) => [slot, key] as const));
  yield await onion(sodium, 3);
  yield await onion(sodium, 5);
  yield await boundary();
}

/** One layer put on (way 0) or taken off (way 1); the peers seal, which takes them as long as opening. */
async function oneLayer(id: string, sodium: Sodium, native: NativeCrypto | undefined, way: 0 | 1): Promise<Row> {
  const peers = await aeadPeers(sodium, 1);
  const [key] = layerKeys(1) as [LayerKey];
  const row = await race(id, {
    ours: jobsOf([[0, key]], way),
    'libsodium-raw': () => peers.sodium(0),
    'libsodium-wrapper': () => peers.wrapper(0),
    noble: () => peers.noble(0),
    'webcrypto-aes-gcm': () => peers.aes(0),
    ...(native !== undefined && { 'node-crypto': () => peers.native(native) }),
  });
  key.wipe();
  return row;
}

/** A call that has nothing to do, against one that does one layer. */
async function boundary(): Promise<Row> {
  const [key] = layerKeys(1) as [LayerKey];
  const row = await race('boundary', { ours: jobsOf([]), 'cell-layer': jobsOf([[0, key]]) });
  key.wipe();
  return row;
}

/** One call of ours for all layers; the peers seal once for each, WebCrypto all at once. */
async function batch(
  id: string,
  sodium: Sodium,
  layers: number,
  pairs: (keys: readonly LayerKey[]) => readonly (readonly [number, LayerKey])[],
): Promise<Row> {
  const keys = layerKeys(CELLS);
  const peers = await aeadPeers(sodium, id === 'cell-layer-mixed' ? CELLS : LAYERS);
  const row = await race(
    id,
    {
      ours: jobsOf(pairs(keys)),
      'libsodium-raw': repeat(layers, peers.sodium),
      noble: repeat(layers, peers.noble),
      'webcrypto-aes-gcm': together(layers, peers.aes),
    },
    layers,
  );
  for (const key of keys) key.wipe();
  return row;
}

/** All layers of a cell, for a client: one call against a call for each layer. */
async function onion(sodium: Sodium, hops: number): Promise<Row> {
  const keys = layerKeys(hops);
  const cell = random(CELL);
  const counters = keys.map(() => 0);
  const slot = sodium.slot(random(32), cell);
  const row = await race(`onion-${hops}`, {
    ours: () => encipherLayers(cell, keys, counters.fill(next())),
    'single-calls': () => {
      const counter = [next()];
      for (let i = hops - 1; i >= 0; i--) encipherLayers(cell, [at(keys, i)], counter);
    },
    'libsodium-raw': () => slot.sealCopied(next(), cell),
  });
  for (const key of keys) key.wipe();
  return row;
}
