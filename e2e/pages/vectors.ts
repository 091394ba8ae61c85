/** Published vectors through the core in this browser, by the build that the address names: to be driven by vectors.spec.ts. */
import { accumulated, accumulatedDigests } from '../../src/crypto/accumulated-testing.ts';
import { lanes } from '../../src/base/index.ts';
import { initCrypto, type CryptoSource } from '../../src/crypto/index.ts';
import type { MlKemSize } from '../../src/crypto/primitives.ts';
import { faultAcrossBoundary } from '../../scripts/vector-answers.ts';
import { casesOf } from '../../scripts/vector-formats.ts';
import { casesOfBlob, isBlob } from '../../scripts/vector-hashes.ts';

const coreSimd = new URL('../../wasm/pkg/sotto_core_bg.wasm', import.meta.url);
const builds: Readonly<Record<string, CryptoSource>> = {
  relaxed: { cell: new URL('../../wasm/pkg/sotto_cell_relaxed.wasm', import.meta.url), core: coreSimd },
  simd: { cell: new URL('../../wasm/pkg/sotto_cell_bg.wasm', import.meta.url), core: coreSimd },
  scalar: {
    cell: new URL('../../wasm/pkg/sotto_cell_scalar.wasm', import.meta.url),
    core: new URL('../../wasm/pkg/sotto_core_scalar.wasm', import.meta.url),
  },
};

const named = new URL(location.href).searchParams.get('build');
if (named !== null && builds[named] === undefined) throw new Error(`there is no build ${named}`);
await initCrypto(named === null ? undefined : builds[named]);

const harness = {
  /** Which builds are for this engine. */
  lanes: lanes(),
  /** Runs a file that the page's server has; tells how many cases it holds, and of each that is not right what is wrong. */
  async run(path: string): Promise<{ readonly cases: number; readonly wrong: readonly string[] }> {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    const cases = isBlob(path) ? casesOfBlob(path, new Uint8Array(await response.arrayBuffer())) : casesOf(await response.json());
    const faults = cases.map((one) => ({ name: one.name, fault: faultAcrossBoundary(one) }));
    return { cases: cases.length, wrong: faults.flatMap(({ name, fault }) => (fault === undefined ? [] : [`${name}: ${fault}`])) };
  },
  accumulated: (size: MlKemSize, count: number) => ({ digest: accumulated(size, count), published: accumulatedDigests[size] }),
};

declare global {
  interface Window {
    vectors: typeof harness;
  }
}
window.vectors = harness;
