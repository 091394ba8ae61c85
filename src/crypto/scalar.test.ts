/** The two builds of each module, for engines with SIMD and without: the same bytes out for the same bytes in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom, testSeed } from '../base/testing.ts';
import { wasmFolder } from './node.ts';

const random = seededRandom(testSeed());
const AREA = 65_536;

type Call = (...numbers: readonly number[]) => number;

interface Instance {
  /** Lays bytes into the area, calls, and gives the area as it is then. */
  run(name: string, numbers: readonly number[], input: Uint8Array): { readonly code: number; readonly area: Uint8Array };
}

/** A build without the glue: it asks nothing of JavaScript but a table of references, which numbers alone never need. */
function instanceOf(file: string): Instance {
  const module = new WebAssembly.Module(readFileSync(join(wasmFolder(), file)));
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) imports[from] = { ...imports[from], [name]: () => undefined };
  const { exports } = new WebAssembly.Instance(module, imports);
  const call = (name: string): Call => exports[name] as Call;
  return {
    run(name, numbers, input) {
      const at = call('io_offset')() >>> 0;
      const area = () => new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer, at, AREA);
      area().fill(0);
      area().set(input);
      const code = call(name)(...numbers);
      return { code, area: area().slice() };
    },
  };
}

/** Both builds' answer, which is one. */
function both(builds: readonly [Instance, Instance], name: string, numbers: readonly number[], input: Uint8Array): Uint8Array {
  const [simd, scalar] = builds.map((build) => build.run(name, numbers, input));
  if (simd === undefined || scalar === undefined) throw new Error('two builds');
  expect(scalar.code, name).toBe(simd.code);
  expect(Buffer.compare(scalar.area, simd.area), `${name} ${numbers.join(' ')}`).toBe(0);
  return simd.area;
}

const pair = (module: string): readonly [Instance, Instance] => [instanceOf(`${module}_bg.wasm`), instanceOf(`${module}_scalar.wasm`)];

describe('with SIMD and without', () => {
  it.each([
    [512, 800, 1632, 768],
    [768, 1184, 2400, 1088],
    [1024, 1568, 3168, 1568],
  ])('ML-KEM-%i is the same', (size, ek, dk, ct) => {
    const builds = pair('sotto_core');
    for (let round = 0; round < 100; round++) {
      const keys = both(builds, 'raw_mlkem_keygen', [size], random.bytes(64)).slice(0, ek + dk);
      const input = Buffer.concat([random.bytes(32), keys.subarray(0, ek)]);
      const made = both(builds, 'raw_mlkem_encaps', [size], input).slice(0, ct + 32);
      const opened = both(builds, 'raw_mlkem_decaps', [size], Buffer.concat([keys.subarray(ek), made.subarray(0, ct)]));
      expect(opened.subarray(0, 32)).toEqual(made.subarray(ct));
      both(builds, 'raw_mlkem_decaps', [size], Buffer.concat([keys.subarray(ek), random.bytes(ct)]));
      both(builds, 'raw_mlkem_encaps', [size], random.bytes(32 + ek));
    }
  });

  it.each([12, 20])('Adiantum with XChaCha%i is the same, both ways and at any length', (rounds) => {
    const builds = pair('sotto_cell');
    for (let length = 16; length < 1300; length += 7) {
      const input = random.bytes(36 + length);
      const sealed = both(builds, 'raw_adiantum', [rounds, 0, 4, length], input).slice(0, 36 + length);
      // The core erases the key that it was given.
      sealed.set(input.subarray(0, 32));
      const opened = both(builds, 'raw_adiantum', [rounds, 1, 4, length], sealed);
      expect(opened.subarray(32, 36 + length)).toEqual(input.subarray(32));
    }
  });
});
