/** Key exchanges: ML-KEM-768 and X25519 as primitives, and the hop handshake that is made of them (docs/protocol.md §4.1). */
import { x25519 as nobleX25519 } from '@noble/curves/ed25519.js';
import { ml_kem768_x25519 as nobleXwing } from '@noble/post-quantum/hybrid.js';
import { ml_kem768 as nobleKem } from '@noble/post-quantum/ml-kem.js';
import { equal, isRefusal, systemRandom, type Bytes, type Refusal } from '../src/base/index.ts';
import { createHop, OnionKey, wipeHop } from '../src/crypto/index.ts';
import { mlkem768, x25519 } from '../src/crypto/primitives.ts';
import { race, type Operation, type Row } from './figures.ts';
import type { Oqs, Sodium } from './peers.ts';

const random = (length: number): Bytes => systemRandom.bytes(length);

function present<T>(value: T | Refusal | undefined): T {
  if (value === undefined) throw new Error('the core refused what it made itself');
  if (isRefusal(value)) throw new Error(`the core refused: ${value.refused}`);
  return value;
}

export async function* exchangeRows(sodium: Sodium, oqs: Oqs): AsyncGenerator<Row> {
  yield* kemRows(oqs);
  yield await x25519Row(sodium);
  yield await handshakeRow();
}

/** What not every Node has. The types of the platform do not know it either. */
interface KemSubtle {
  generateKey(name: 'ML-KEM-768', extractable: boolean, usages: readonly string[]): Promise<CryptoKeyPair>;
  encapsulateBits(name: 'ML-KEM-768', key: CryptoKey): Promise<{ readonly ciphertext: ArrayBuffer }>;
  decapsulateBits(name: 'ML-KEM-768', key: CryptoKey, ciphertext: ArrayBuffer): Promise<ArrayBuffer>;
}
const hasKem = (subtle: unknown): subtle is KemSubtle => typeof subtle === 'object' && subtle !== null && 'encapsulateBits' in subtle;

/** Three operations of WebCrypto, where it has ML-KEM at all. */
async function webKem(): Promise<Readonly<Record<'keygen' | 'encaps' | 'decaps', Operation>> | undefined> {
  const { subtle } = crypto;
  if (!hasKem(subtle)) return undefined;
  const keygen = () => subtle.generateKey('ML-KEM-768', true, ['encapsulateBits', 'decapsulateBits']);
  const pair = await keygen();
  const encaps = () => subtle.encapsulateBits('ML-KEM-768', pair.publicKey);
  const { ciphertext } = await encaps();
  return { keygen, encaps, decaps: () => subtle.decapsulateBits('ML-KEM-768', pair.privateKey, ciphertext) };
}

/** Every one of them draws its own randomness. */
async function* kemRows(oqs: Oqs): AsyncGenerator<Row> {
  const { ek, dk } = present(mlkem768.keygen(random(64)));
  const { ciphertext, sharedSecret } = oqs.encapsulate(ek);
  const ours = mlkem768.decaps(dk, ciphertext);
  const agreed = [present(ours), oqs.decapsulate(ciphertext, dk), nobleKem.decapsulate(ciphertext, dk)];
  if (!agreed.every((shared) => equal(new Uint8Array(shared), new Uint8Array(sharedSecret))))
    throw new Error('three ML-KEMs, no agreement');
  const web = await webKem();
  const withWeb = (operation: Operation | undefined) => (operation === undefined ? {} : { webcrypto: operation });
  yield await race('mlkem768-keygen', {
    ours: () => mlkem768.keygen(random(64)),
    'liboqs-js': () => oqs.generateKeyPair(),
    noble: () => nobleKem.keygen(),
    ...withWeb(web?.keygen),
  });
  yield await race('mlkem768-encaps', {
    ours: () => mlkem768.encaps(ek, random(32)),
    'liboqs-js': () => oqs.encapsulate(ek),
    noble: () => nobleKem.encapsulate(ek),
    ...withWeb(web?.encaps),
  });
  yield await race('mlkem768-decaps', {
    ours: () => mlkem768.decaps(dk, ciphertext),
    'liboqs-js': () => oqs.decapsulate(ciphertext, dk),
    noble: () => nobleKem.decapsulate(ciphertext, dk),
    ...withWeb(web?.decaps),
  });
}

async function x25519Row(sodium: Sodium): Promise<Row> {
  const scalar = random(32);
  const point = new Uint8Array(nobleX25519.getPublicKey(random(32)));
  const raw = sodium.x25519(scalar, point);
  raw.run();
  if (!equal(present(x25519(scalar, point)), raw.shared())) throw new Error('two X25519s, no agreement');
  const pair = await crypto.subtle.generateKey('X25519', false, ['deriveBits']);
  const remote = await crypto.subtle.importKey('raw', point, 'X25519', false, []);
  return race('x25519', {
    ours: () => x25519(scalar, point),
    'libsodium-raw': () => raw.run(),
    noble: () => nobleX25519.getSharedSecret(scalar, point),
    webcrypto: () => crypto.subtle.deriveBits({ name: 'X25519', public: remote }, pair.privateKey, 256),
  });
}

/** Both sides of it, client and relay. noble does the X-Wing operations alone: no hashing of the transcript, no boxes, no keys of layers. */
async function handshakeRow(): Promise<Row> {
  const [relay, keyId, toRelay, toClient] = [random(32), random(8), random(16), random(16)];
  const onion = new OnionKey(relay, keyId, random(32));
  const target = { relay, keyId, onionKey: onion.publicKey };
  const theirs = nobleXwing.keygen();
  const row = await race('handshake', {
    ours: () => {
      const attempt = present(createHop(target, toRelay, systemRandom));
      const accepted = present(onion.accept(attempt.create, toClient, systemRandom));
      wipeHop(present(attempt.finish(accepted.created)));
      wipeHop(accepted.hop);
    },
    'noble-kem-alone': () => {
      const once = nobleXwing.keygen();
      const toRelay = nobleXwing.encapsulate(theirs.publicKey);
      nobleXwing.decapsulate(toRelay.cipherText, theirs.secretKey);
      const toClient = nobleXwing.encapsulate(once.publicKey);
      nobleXwing.decapsulate(toClient.cipherText, once.secretKey);
    },
  });
  onion.wipe();
  return row;
}
