/** What is dispatched (src/crypto/dispatch.ts), beside all who can do it here; from bytes to bytes. */
import { x25519 as nobleX25519 } from '@noble/curves/ed25519.js';
import { equal, systemRandom, type Bytes } from '../src/base/index.ts';
import { x25519 } from '../src/crypto/primitives.ts';
import { race, type Row } from '../src/crypto/race.ts';
import { dispatches } from '../src/crypto/start.ts';
import { x25519Pkcs8, type NativeCrypto } from './host.ts';
import type { WasmHash } from './peers.ts';

const prefixed = (operation: string): string => `dispatch-${operation}`;

const EXCHANGE = prefixed('x25519');
export const dispatchIds = [
  ...['sha256-64', 'sha256-1024', 'shake256-64', 'shake256-1024', 'ed25519-public', 'ed25519-sign', 'ed25519-verify'].map(prefixed),
  EXCHANGE,
];

export async function* dispatchRows(hash: WasmHash, native: NativeCrypto | undefined): AsyncGenerator<Row> {
  for (const dispatch of dispatches()) {
    const { chosen, alone } = dispatch.trials();
    const length = Number(/^sha256-(\d+)$/.exec(dispatch.operation)?.[1] ?? 0);
    const message = systemRandom.bytes(length);
    const other = length > 0 && { 'hash-wasm': () => hash.init().update(message).digest('binary') };
    yield await race(prefixed(dispatch.operation), { ours: chosen, ...alone, ...other });
  }
  yield await exchangeRow(native);
}

const secretOf = (scalar: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey('pkcs8', x25519Pkcs8(scalar), 'X25519', false, ['deriveBits']);

async function bySubtle(own: CryptoKey | Promise<CryptoKey>, point: Bytes): Promise<Uint8Array> {
  const [secret, remote] = await Promise.all([own, crypto.subtle.importKey('raw', point, 'X25519', false, [])]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: remote }, secret, 256));
}

/**
 * There is no choice about X25519: the core computes it where the keys lie. `-kept`: a secret key that was read once, as a relay's onion key
 * could be; the other's public key is another one each time.
 */
async function exchangeRow(native: NativeCrypto | undefined): Promise<Row> {
  const scalar = systemRandom.bytes(32);
  const point = new Uint8Array(nobleX25519.getPublicKey(systemRandom.bytes(32)));
  const [kept, secret] = [native?.agreeing(scalar), await secretOf(scalar)];
  const found = x25519(scalar, point);
  if (
    found === undefined ||
    !equal(found, await bySubtle(secret, point)) ||
    (kept !== undefined && !equal(found, new Uint8Array(kept(point))))
  )
    throw new Error('two X25519s, no agreement');
  return race(EXCHANGE, {
    ours: () => x25519(scalar, point),
    noble: () => nobleX25519.getSharedSecret(scalar, point),
    webcrypto: () => bySubtle(secretOf(scalar), point),
    'webcrypto-kept': () => bySubtle(secret, point),
    ...(native !== undefined && { OpenSSL: () => native.agree(scalar, point) }),
    ...(kept !== undefined && { 'OpenSSL-kept': () => kept(point) }),
  });
}
