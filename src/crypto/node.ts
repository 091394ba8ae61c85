/** The door for Node: the core's bytes come from a file, and OpenSSL computes signatures. A bundle for the tab never meets this. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lanes, type Bytes } from '../base/index.ts';
import { initCrypto } from './core.ts';
import { setEd25519 } from './ed25519.ts';
import { nativeEd25519, nativeMlDsaVerify } from './native-signatures.ts';
import { setMlDsaVerify } from './signature.ts';

/** Of a relay with all its circuits, or of a whole network in one process. */
const LAYER_KEYS = 131_072;

/** Where the core lies: the folder named by SOTTO_WASM_PKG (a build to be tested), or the one that is checked in. */
export function wasmFolder(): string {
  return process.env['SOTTO_WASM_PKG'] ?? fileURLToPath(new URL('../../wasm/pkg/', import.meta.url));
}

/** Makes the crypto door ready in Node, which has faster signatures of its own. */
export async function initCryptoNode(): Promise<void> {
  const file = async (name: string): Promise<Bytes> => new Uint8Array(await readFile(join(wasmFolder(), name)));
  const able = lanes();
  const kind = able === 'simd' ? 'bg' : able;
  const [cell, core] = await Promise.all([file(`sotto_cell_${kind}.wasm`), file(`sotto_core_${able === 'scalar' ? 'scalar' : 'bg'}.wasm`)]);
  await initCrypto({ cell, core, layerKeys: LAYER_KEYS });
  setEd25519(nativeEd25519);
  setMlDsaVerify(nativeMlDsaVerify);
}
