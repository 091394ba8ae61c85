/**
 * What a relay keeps on disk, in one folder that only its user may read:
 *
 *   root.key     64 bytes   seed of the root keyset; the relay's id is the hash of its public half
 *   libp2p.key   32 bytes   seed of the libp2p key, so that its multiaddrs stay the same
 *   onion.json              onion keys of today and yesterday, with when they were made
 *   mailbox.db              the blobs (src/mailbox)
 */
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, relayId, toHex, type Bytes, type Random, type RelayId } from '../base/index.ts';
import { CIRCUIT_SUITES, sha256, type CircuitSuite } from '../crypto/index.ts';
import { newKeysetSeed, Signer } from '../identity/index.ts';
import { peerIdOf } from '../link/node.ts';

const LIBP2P_SEED_BYTES = 32;

export interface RelayIdentity {
  readonly id: RelayId;
  readonly root: Signer;
  /** bytes: 32 */
  readonly libp2pSeed: Bytes;
  readonly peerId: string;
}

export interface StoredOnionKey {
  /** bytes: 32 */
  readonly seed: Bytes;
  readonly suite: CircuitSuite;
  /** ms since 1970. */
  readonly madeAt: number;
}

/** Replaces a file at once and durably; only its owner may read it. */
function writePrivate(file: string, bytes: Uint8Array): void {
  const fresh = `${file}.new`;
  const handle = openSync(fresh, 'w', 0o600);
  try {
    writeSync(handle, bytes);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(fresh, file);
}

export class RelayState {
  readonly #folder: string;

  /** Makes the folder if there is none. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }

  /** The path of a file that another part writes, made so that only its owner may read it. */
  claim(name: string): string {
    const file = this.#path(name);
    closeSync(openSync(file, 'a', 0o600));
    return file;
  }

  /** The relay's identity; made at the first time. Throws when a file is damaged: a new identity is never made in place of an old one. */
  async identity(random: Random): Promise<RelayIdentity> {
    const root = new Signer(this.#seed('root.key', 64, () => newKeysetSeed(random)));
    const libp2pSeed = this.#seed('libp2p.key', LIBP2P_SEED_BYTES, () => random.bytes(LIBP2P_SEED_BYTES));
    return { id: relayId(sha256(root.keyset)), root, libp2pSeed, peerId: await peerIdOf(libp2pSeed) };
  }

  readOnionKeys(): StoredOnionKey[] {
    const file = this.#path('onion.json');
    if (!existsSync(file)) return [];
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (!Array.isArray(read) || !read.every(isStoredKey))
      throw new Error(`${file} is damaged; delete it, and clients will learn the new key within hours`);
    return read.map(({ seed, suite = 3, madeAt }) => ({ seed: fromHex(seed), suite, madeAt }));
  }

  writeOnionKeys(keys: readonly StoredOnionKey[]): void {
    const text = JSON.stringify(keys.map(({ seed, suite, madeAt }) => ({ seed: toHex(seed), suite, madeAt })));
    writePrivate(this.#path('onion.json'), Buffer.from(`${text}\n`));
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #seed(name: string, length: number, make: () => Bytes): Bytes {
    const file = this.#path(name);
    if (!existsSync(file)) writePrivate(file, make());
    const seed = new Uint8Array(readFileSync(file));
    if (seed.length !== length)
      throw new Error(`${file} is damaged: want ${length} bytes, got ${seed.length}; restore it, or delete it and get a new identity`);
    return seed;
  }
}

/** A key without a suite is of suite 3: relays wrote none before they had others. */
const isStoredKey = (value: unknown): value is { readonly seed: string; readonly suite?: CircuitSuite; readonly madeAt: number } =>
  typeof value === 'object' &&
  value !== null &&
  'seed' in value &&
  typeof value.seed === 'string' &&
  /^[0-9a-f]{64}$/.test(value.seed) &&
  (!('suite' in value) || CIRCUIT_SUITES.some((suite) => suite === value.suite)) &&
  'madeAt' in value &&
  typeof value.madeAt === 'number';
