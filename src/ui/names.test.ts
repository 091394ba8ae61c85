import { describe, expect, it } from 'vitest';
import { initial, makeName, nameCount } from './names.ts';

describe('made-up names', () => {
  it('are all different, two plain words each', () => {
    const names = new Set(Array.from({ length: nameCount }, (_, i) => makeName(() => i)));
    expect(names.size).toBe(3600);
    for (const name of names) expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
  });

  it('take any 32 random bits', () => {
    expect(makeName(() => 0xffff_ffff)).toMatch(/^\w+ \w+$/);
  });
});

describe('the letter of a name', () => {
  it.each([
    ['Quiet Heron', 'H'],
    ['Ana', 'A'],
    ['Harbour garden', 'H'],
    ['émile zola', 'É'],
    ['👩‍🌾 farm', '👩‍🌾'],
    ['حديقة المرفأ', 'ح'],
    ['', '·'],
  ])('of %s is %s', (name, letter) => expect(initial(name)).toBe(letter));
});
