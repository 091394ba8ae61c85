/** Key exchanges: ML-KEM-768 and X25519 as primitives, and the hop handshake that is made of them (docs/protocol.md §4.1). */
import { x25519 as nobleX25519 } from '@noble/curves/ed25519.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { ml_kem768_x25519 as nobleXwing } from '@noble/post-quantum/hybrid.js';
import { ml_kem768 as nobleKem } from '@noble/post-quantum/ml-kem.js';
import { equal, isRefusal, systemRandom, type Bytes, type Refusal } from '../src/base/index.ts';
import { createHop, OnionKey, sha256, wipeHop } from '../src/crypto/index.ts';
import { mlkem768, x25519 } from '../src/crypto/primitives.ts';
import { webKem } from '../src/crypto/web-kem.ts';
import { race, type Row } from '../src/crypto/race.ts';
import type { NativeCrypto } from './host.ts';
import type { MlKemJs, Oqs, Sodium, WasmHash } from './peers.ts';

const random = (length: number): Bytes => systemRandom.bytes(length);

function present<T>(value: T | Refusal | undefined): T {
  if (value === undefined) throw new Error('the core refused what it made itself');
  if (isRefusal(value)) throw new Error(`the core refused: ${value.refused}`);
  return value;
}

export interface ExchangePeers {
  readonly sodium: Sodium;
  readonly oqs: Oqs;
  readonly js: MlKemJs;
  readonly hash: WasmHash;
  readonly native: NativeCrypto | undefined;
}

export async function* exchangeRows(peers: ExchangePeers): AsyncGenerator<Row> {
  yield* kemRows(peers);
  yield await x25519Row(peers);
  yield* handshakeRows();
  yield await sha256Row(peers);
}

/** Every one of them draws its own randomness. */
async function* kemRows({ oqs, js, native }: ExchangePeers): AsyncGenerator<Row> {
  const { ek, dk } = present(mlkem768.keygen(random(64)));
  const { ciphertext, sharedSecret } = oqs.encapsulate(ek);
  const ours = mlkem768.decaps(dk, ciphertext);
  const agreed = [present(ours), oqs.decapsulate(ciphertext, dk), nobleKem.decapsulate(ciphertext, dk), await js.decap(ciphertext, dk)];
  if (!agreed.every((shared) => equal(new Uint8Array(shared), new Uint8Array(sharedSecret)))) throw new Error('four ML-KEMs, no agreement');
  const web = await webKem();
  const others = (name: 'keygen' | 'encaps' | 'decaps') => ({
    ...(web !== undefined && { webcrypto: web[name] }),
    ...(native?.kem !== undefined && { 'node-crypto': native.kem[name] }),
  });
  yield await race('mlkem768-keygen', {
    ours: () => mlkem768.keygen(random(64)),
    'liboqs-js': () => oqs.generateKeyPair(),
    noble: () => nobleKem.keygen(),
    mlkem: () => js.generateKeyPair(),
    ...others('keygen'),
  });
  yield await race('mlkem768-encaps', {
    ours: () => mlkem768.encaps(ek, random(32)),
    'liboqs-js': () => oqs.encapsulate(ek),
    noble: () => nobleKem.encapsulate(ek),
    mlkem: () => js.encap(ek),
    ...others('encaps'),
  });
  yield await race('mlkem768-decaps', {
    ours: () => mlkem768.decaps(dk, ciphertext),
    'liboqs-js': () => oqs.decapsulate(ciphertext, dk),
    noble: () => nobleKem.decapsulate(ciphertext, dk),
    mlkem: () => js.decap(ciphertext, dk),
    ...others('decaps'),
  });
}

async function x25519Row({ sodium, native }: ExchangePeers): Promise<Row> {
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
    ...(native !== undefined && { 'node-crypto': () => native.x25519() }),
  });
}

/** Both sides of it, client and relay, and the relay's side alone. noble does the X-Wing operations: no hashing of the transcript, no boxes, no keys of layers. */
async function* handshakeRows(): AsyncGenerator<Row> {
  const [relay, keyId, toRelay, toClient] = [random(32), random(8), random(16), random(16)];
  const onion = new OnionKey(relay, keyId, random(32));
  const target = { relay, keyId, onionKey: onion.publicKey };
  const theirs = nobleXwing.keygen();
  const { cipherText } = nobleXwing.encapsulate(theirs.publicKey);
  const accept = (create: Uint8Array) => present(onion.accept(create, toClient, systemRandom));
  yield await race('handshake', {
    ours: () => {
      const attempt = present(createHop(target, toRelay, systemRandom));
      const accepted = accept(attempt.create);
      wipeHop(present(attempt.finish(accepted.created)));
      wipeHop(accepted.hop);
    },
    'noble-kem-alone': () => {
      const once = nobleXwing.keygen();
      nobleXwing.decapsulate(nobleXwing.encapsulate(theirs.publicKey).cipherText, theirs.secretKey);
      nobleXwing.decapsulate(nobleXwing.encapsulate(once.publicKey).cipherText, once.secretKey);
    },
  });
  const attempt = present(createHop(target, toRelay, systemRandom));
  yield await race('handshake-relay', {
    ours: () => wipeHop(accept(attempt.create).hop),
    'noble-kem-alone': () => {
      nobleXwing.decapsulate(cipherText, theirs.secretKey);
      nobleXwing.encapsulate(theirs.publicKey);
    },
  });
  attempt.wipe();
  onion.wipe();
}

/** SHA-256 of a kilobyte, as a POST's blob is hashed. */
async function sha256Row({ hash, native }: ExchangePeers): Promise<Row> {
  const message = random(1024);
  const theirs = (): Uint8Array => hash.init().update(message).digest('binary');
  if (!equal(sha256(message), new Uint8Array(theirs()))) throw new Error('two SHA-256s, no agreement');
  return race('sha256', {
    ours: () => sha256(message),
    'hash-wasm': theirs,
    noble: () => nobleSha256(message),
    webcrypto: () => crypto.subtle.digest('SHA-256', message),
    ...(native !== undefined && { 'node-crypto': () => native.sha256(message) }),
  });
}
