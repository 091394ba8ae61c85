/** How long it takes until the core is ready, once in the life of a page; the caller is bench/load.ts. */
import { lanes } from '../../src/base/index.ts';
import { initCrypto } from '../../src/crypto/index.ts';

const core = new URL('../../wasm/pkg/sotto_core_bg.wasm', import.meta.url);
const cells = {
  relaxed: new URL('../../wasm/pkg/sotto_cell_relaxed.wasm', import.meta.url),
  simd: new URL('../../wasm/pkg/sotto_cell_bg.wasm', import.meta.url),
};

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const bytesOf = async (url: URL): Promise<ArrayBuffer> => (await fetch(url)).arrayBuffer();

/** The two files for this engine. */
function fetchBoth(): Promise<[ArrayBuffer, ArrayBuffer]> {
  const able = lanes();
  if (able === 'scalar') throw new Error('these rows are of an engine with SIMD');
  return Promise.all([bytesOf(cells[able]), bytesOf(core)]);
}

const loading = {
  /** ms, as the app does it: asked for, compiled while they come, started. */
  fetched: () => timed(() => initCrypto()),
  /** ms, with the bytes there. */
  async bytes(): Promise<number> {
    const [cell, other] = await fetchBoth();
    return timed(() => initCrypto({ cell, core: other }));
  },
  /** ms until the bytes are there, and nothing is done with them. */
  fetchAlone: () =>
    timed(async () => {
      await fetchBoth();
    }),
};

export type Loading = typeof loading;

declare global {
  interface Window {
    sottoLoading?: Loading;
  }
}
window.sottoLoading = loading;
