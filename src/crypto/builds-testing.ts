/** The builds of a module (relaxed SIMD, SIMD, scalar) side by side, without the glue: for tests that compare their bytes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lanes, type Random } from '../base/index.ts';
import { wasmFolder } from './node.ts';

const AREA = 65_536;
/** Where the stack of a module begins (the linker's default). */
export const STACK = 2 ** 20;
const CELL = 1024;
const KEYS = 6;

type Call = (...numbers: readonly number[]) => number;

/** One build, started. */
export class Build {
  readonly name: string;
  readonly #exports: WebAssembly.Exports;

  /** It asks nothing of JavaScript but a table of references, which numbers alone never need. */
  constructor(file: string) {
    this.name = file;
    const module = new WebAssembly.Module(readFileSync(join(wasmFolder(), file)));
    const imports: WebAssembly.Imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) imports[from] = { ...imports[from], [name]: () => undefined };
    this.#exports = new WebAssembly.Instance(module, imports).exports;
    if ('reserve' in this.#exports) this.call('reserve', KEYS);
  }

  call(name: string, ...numbers: readonly number[]): number {
    return (this.#exports[name] as Call)(...numbers) >>> 0;
  }

  /** Linear memory from where `offset` says. */
  view(offset: string, length: number): Uint8Array<ArrayBuffer> {
    const at = this.call(offset);
    const { buffer } = this.#exports['memory'] as WebAssembly.Memory;
    return new Uint8Array(buffer, at, length);
  }

  /** All of linear memory. The stack comes first in it, and grows down from `STACK`. */
  memory(): Uint8Array<ArrayBuffer> {
    return new Uint8Array((this.#exports['memory'] as WebAssembly.Memory).buffer);
  }

  /** Lays bytes into the area, calls, and gives the area as it is then. */
  run(name: string, numbers: readonly number[], input: Uint8Array): { readonly code: number; readonly area: Uint8Array } {
    this.view('io_offset', AREA).fill(0).set(input);
    const code = this.call(name, ...numbers);
    return { code, area: this.view('io_offset', AREA).slice() };
  }

  /** Does jobs `[slot, key, counter, way]` on cells that begin as `cells` does, with keys of 32 bytes; gives the cells. */
  ring(cells: Uint8Array, keys: readonly Uint8Array[], jobs: readonly (readonly number[])[]): Uint8Array {
    const handles = keys.map((key) => {
      this.view('io_offset', AREA).set(key);
      return this.call('layer_key_new');
    });
    const ring = this.view('ring_offset', cells.length);
    ring.set(cells);
    const words = jobs.flatMap(([slot = 0, key = 0, counter = 0, way = 0]) => [slot, handles[key] ?? 0, counter, way]);
    this.view('jobs_offset', 4 * words.length).set(new Uint8Array(Uint32Array.from(words).buffer));
    const code = this.call('run_jobs', jobs.length);
    for (const handle of handles) this.call('layer_key_free', handle);
    if (code !== 0) throw new Error(`${this.name}: jobs were refused with ${code}`);
    return ring.slice();
  }
}

/** All builds of the cells that this engine can run, the scalar one first. */
export const cellBuilds = (): readonly Build[] =>
  ['scalar', 'bg', ...(lanes() === 'relaxed' ? ['relaxed'] : [])].map((suffix) => new Build(`sotto_cell_${suffix}.wasm`));

/** Both builds of the core. */
export const coreBuilds = (): readonly Build[] => ['scalar', 'bg'].map((suffix) => new Build(`sotto_core_${suffix}.wasm`));

/**
 * One random run of the ring in each build: up to 40 jobs, on few cells and with few keys, so that there are slots with many jobs and
 * both ways side by side. Gives the number of layers. Throws when two builds differ.
 */
export function sameRing(builds: readonly Build[], random: Random): number {
  const below = (end: number): number => new DataView(random.bytes(4).buffer).getUint32(0) % end;
  const slots = 1 + below(12);
  const cells = random.bytes(slots * CELL);
  const keys = Array.from({ length: KEYS }, () => random.bytes(32));
  const jobs = Array.from({ length: 1 + below(40) }, () => [below(slots), below(KEYS), below(2 ** 32), below(2)]);
  const [first, ...others] = builds.map((build) => ({ name: build.name, out: build.ring(cells, keys, jobs) }));
  for (const { name, out } of others)
    if (Buffer.compare(first?.out ?? cells, out) !== 0) throw new Error(`${name} differs from ${first?.name}: ${JSON.stringify(jobs)}`);
  return jobs.length;
}
