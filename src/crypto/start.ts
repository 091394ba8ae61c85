/** Makes the door ready: the modules first, and then what they can do beside others. */
import { coreEd25519, coreSha256, coreShake256 } from './core-ways.ts';
import { startModules, type CryptoSource } from './core.ts';
import type { Dispatch } from './dispatch.ts';
import { ed25519Dispatch, offerEd25519 } from './ed25519.ts';
import { hashes, offerHashes } from './hash.ts';

let started: Promise<void> | undefined;

async function start(source: CryptoSource | undefined): Promise<void> {
  await startModules(source);
  offerHashes('core', { sha256: coreSha256, shake256: coreShake256 });
  offerEd25519('core', coreEd25519);
}

/**
 * Makes the crypto door ready; everything behind it is synchronous afterwards. Calling it again does nothing. By default from the files bundled
 * with the app. In Node use `initCryptoNode` of `node.ts`.
 */
export async function initCrypto(source?: CryptoSource): Promise<void> {
  started ??= start(source).catch((error: unknown) => {
    started = undefined;
    throw error;
  });
  await started;
}

/** What is dispatched. */
export const dispatches = (): readonly Pick<Dispatch<unknown>, 'operation' | 'wrong' | 'decide' | 'trials'>[] => [
  ...hashes.sha256,
  ...hashes.shake256,
  ...Object.values(ed25519Dispatch),
];
