import encodeQR from 'qr';
import { describe, expect, it } from 'vitest';
import { qrPath } from './qr.tsx';

/** The modules that a path of rectangles one module high covers. */
function covered(path: string, size: number): boolean[][] {
  const modules = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    modules[Number(y)]?.fill(true, Number(x), Number(x) + Number(width));
  }
  return modules;
}

describe('the QR path', () => {
  it('covers exactly the dark modules', () => {
    const modules = encodeQR(`https://sotto.example/#${'AQz9_-'.repeat(31)}`, 'raw', { ecc: 'low', border: 4 });
    expect(covered(qrPath(modules), modules.length)).toEqual(modules);
  });
});
