/** Hashes by OpenSSL, for Node. */
import { createHash, hash } from 'node:crypto';
import type { Sha256, Shake256 } from './hash.ts';

export const nativeSha256: Sha256 = (parts) => {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return new Uint8Array(hash('sha256', first, 'buffer'));
  const joined = createHash('sha256');
  for (const part of parts) joined.update(part);
  return new Uint8Array(joined.digest());
};

export const nativeShake256: Shake256 = (length, parts) => {
  const joined = createHash('shake256', { outputLength: length });
  for (const part of parts) joined.update(part);
  return new Uint8Array(joined.digest());
};
