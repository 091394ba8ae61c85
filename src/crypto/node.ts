/** The door for Node: the core's bytes come from a file, and OpenSSL is there for hashes and signatures. A bundle for the tab never meets this. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lanes, type Bytes } from '../base/index.ts';
import { offerEd25519 } from './ed25519.ts';
import { offerHashes } from './hash.ts';
import { nativeSha256, nativeShake256 } from './native-hashes.ts';
import { nativeEd25519, nativeMlDsaVerify } from './native-signatures.ts';
import { setMlDsaVerify } from './signature.ts';
import { dispatches, initCrypto } from './start.ts';

/** Of a relay with all its circuits, or of a whole network in one process. */
const LAYER_KEYS = 131_072;

/** Where the core lies: the folder named by SOTTO_WASM_PKG (a build to be tested), or the one that is checked in. */
export function wasmFolder(): string {
  return process.env['SOTTO_WASM_PKG'] ?? fileURLToPath(new URL('../../wasm/pkg/', import.meta.url));
}

let started: Promise<void> | undefined;

/** Makes the crypto door ready in Node, where OpenSSL takes part. Calling it again does nothing. */
export async function initCryptoNode(): Promise<void> {
  started ??= start().catch((error: unknown) => {
    started = undefined;
    throw error;
  });
  await started;
}

async function start(): Promise<void> {
  const file = async (name: string): Promise<Bytes> => new Uint8Array(await readFile(join(wasmFolder(), name)));
  const able = lanes();
  const kind = able === 'simd' ? 'bg' : able;
  const [cell, core] = await Promise.all([file(`sotto_cell_${kind}.wasm`), file(`sotto_core_${able === 'scalar' ? 'scalar' : 'bg'}.wasm`)]);
  await initCrypto({ cell, core, layerKeys: LAYER_KEYS });
  offerHashes('OpenSSL', { sha256: nativeSha256, shake256: nativeShake256 });
  offerEd25519('OpenSSL', nativeEd25519);
  setMlDsaVerify(nativeMlDsaVerify);
  for (const dispatch of dispatches()) {
    for (const name of dispatch.wrong())
      process.emitWarning(`crypto: ${name} gives a wrong answer for ${dispatch.operation} and is not used`);
  }
}
