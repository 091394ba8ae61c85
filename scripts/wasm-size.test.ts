/** What a browser loads of wasm/pkg, as gzip -9 packs it. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inRoot } from './program.ts';

const packed = (file: string): number => gzipSync(readFileSync(inRoot(`wasm/pkg/${file}`)), { level: 9 }).length;

describe('the modules are small', () => {
  it.each(['sotto_cell_bg.wasm', 'sotto_cell_relaxed.wasm'])('%s: 15 KB at most', (file) => {
    const size = packed(file);
    console.log(`${file}: ${size} bytes gzip -9`);
    expect(size).toBeLessThanOrEqual(15_000);
  });

  it('all that one engine loads: 100 KB at most', () => {
    const size = packed('sotto_cell_relaxed.wasm') + packed('sotto_core_bg.wasm');
    console.log(`cells and core: ${size} bytes gzip -9`);
    expect(size).toBeLessThanOrEqual(100_000);
  });
});
