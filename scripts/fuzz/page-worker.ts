/** One target of the page in a thread of its own, so that one that hangs can be seen, with the input that it hangs on. */
import { parentPort, workerData } from 'node:worker_threads';
import { instrument } from './instrument.ts';

/** What the thread is given. */
export interface Work {
  readonly name: string;
  readonly seconds: number;
  readonly runs: number | undefined;
  readonly seed: number;
  readonly inputs: readonly Uint8Array<ArrayBuffer>[];
  /** Inputs read u32, native order | length of the one being read u32 | its bytes */
  readonly shared: SharedArrayBuffer;
}

/** What it says in the end. */
export interface Found {
  readonly executed: number;
  readonly branches: number;
  readonly pool: readonly Uint8Array<ArrayBuffer>[];
  readonly failing: readonly (readonly [string, Uint8Array<ArrayBuffer>])[];
  /** What is worth keeping. */
  readonly least: readonly Uint8Array<ArrayBuffer>[];
}

const work = workerData as Work;
// Before anything that is to be marked is loaded.
instrument(/\/src\/[a-z]+\/(?!.*(testing|oracle))[^/]*\.ts$|node_modules\/(@bufbuild|lib0|yjs|smol-toml)\//);
const { Explorer, leastOf } = await import('./explore.ts');
const { pageTargets } = await import('./page/all.ts');

const target = (await pageTargets()).find(({ name }) => name === work.name);
if (target === undefined) throw new Error(`fuzz: there is no target ${work.name}`);
const explorer = new Explorer(target, work.seed);
const progress = new Uint32Array(work.shared, 0, 2);
const current = new Uint8Array(work.shared, 8);

let executed = 0;
function reading(input: Uint8Array<ArrayBuffer>): void {
  current.set(input.subarray(0, current.length));
  progress[1] = input.length;
  Atomics.add(progress, 0, 1);
}

async function offer(input: Uint8Array<ArrayBuffer>): Promise<void> {
  reading(input);
  executed++;
  await explorer.offer(input);
}

for (const input of [...target.seeds, ...work.inputs]) await offer(input);
const end = performance.now() + work.seconds * 1000;
while (explorer.failing.size < 8 && (work.runs === undefined ? performance.now() < end : executed < work.runs))
  await offer(explorer.next());
const found: Found = {
  executed,
  branches: explorer.branches,
  pool: explorer.pool,
  failing: [...explorer.failing],
  least: await leastOf(target, explorer.pool, reading),
};
parentPort?.postMessage(found);
