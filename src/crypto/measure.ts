/** The core's speed on the machine it runs on, beside what a page could use instead: noble, which the app has anyway, and WebCrypto. */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 as nobleX25519 } from '@noble/curves/ed25519.js';
import { ml_kem768 as nobleKem } from '@noble/post-quantum/ml-kem.js';
import type { Random } from '../base/index.ts';
import { CELL, encipherLayers, LayerKey, ring } from './layers.ts';
import { mlkem768, x25519 } from './primitives.ts';
import { race, type Operation, type Row } from './race.ts';
import { webKem } from './web-kem.ts';
import { initCrypto } from './start.ts';

export type { Row } from './race.ts';

/** Long enough for a median that stands, short enough to wait for. */
const SPAN_MS = 500;

async function layerRow(random: Random): Promise<Row> {
  const key = LayerKey.of(random.bytes(32));
  const message = random.bytes(CELL);
  const [raw, nonce] = [random.bytes(32), random.bytes(12)];
  const aes = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt']);
  let counter = 0;
  const row = await race(
    'cell-layer',
    {
      ours: () => ring.run([{ slot: 0, key, counter: counter++ & 0xff, way: 'encipher' }]),
      noble: () => chacha20poly1305(raw, nonce).encrypt(message),
      webcrypto: () => crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, aes, message),
    },
    1,
    SPAN_MS,
  );
  key.wipe();
  return row;
}

/** Three layers in one call, beside noble's three seals. */
async function onionRow(random: Random): Promise<Row> {
  const keys = [1, 2, 3].map(() => LayerKey.of(random.bytes(32)));
  const cell = random.bytes(CELL);
  const [raw, nonce] = [random.bytes(32), random.bytes(12)];
  const noble: Operation = () => keys.map(() => chacha20poly1305(raw, nonce).encrypt(cell));
  const row = await race('onion-3', { ours: () => encipherLayers(cell, keys, [0, 0, 0]), noble }, 1, SPAN_MS);
  for (const key of keys) key.wipe();
  return row;
}

async function* kemRows(random: Random): AsyncGenerator<Row> {
  const pair = mlkem768.keygen(random.bytes(64));
  const made = pair === undefined ? undefined : mlkem768.encaps(pair.ek, random.bytes(32));
  if (pair === undefined || made === undefined) throw new Error('the core refused what it made itself');
  const { ek, dk } = pair;
  const web = await webKem();
  const rows: readonly (readonly ['keygen' | 'encaps' | 'decaps', Operation, Operation])[] = [
    ['keygen', () => mlkem768.keygen(random.bytes(64)), () => nobleKem.keygen()],
    ['encaps', () => mlkem768.encaps(ek, random.bytes(32)), () => nobleKem.encapsulate(ek)],
    ['decaps', () => mlkem768.decaps(dk, made.c), () => nobleKem.decapsulate(made.c, dk)],
  ];
  for (const [name, ours, noble] of rows) {
    yield await race(`mlkem768-${name}`, { ours, noble, ...(web !== undefined && { webcrypto: web[name] }) }, 1, SPAN_MS);
  }
}

async function exchangeRow(random: Random): Promise<Row> {
  const scalar = random.bytes(32);
  const point = new Uint8Array(nobleX25519.getPublicKey(random.bytes(32)));
  const pair = await crypto.subtle.generateKey('X25519', false, ['deriveBits']);
  const remote = await crypto.subtle.importKey('raw', point, 'X25519', false, []);
  return race(
    'x25519',
    {
      ours: () => x25519(scalar, point),
      noble: () => nobleX25519.getSharedSecret(scalar, point),
      webcrypto: () => crypto.subtle.deriveBits({ name: 'X25519', public: remote }, pair.privateKey, 256),
    },
    1,
    SPAN_MS,
  );
}

/** Row by row, each some seconds after the one before; the page stays usable in between only. */
export async function* measureCore(random: Random): AsyncGenerator<Row> {
  await initCrypto();
  yield await layerRow(random);
  yield await onionRow(random);
  yield* kemRows(random);
  yield await exchangeRow(random);
}
