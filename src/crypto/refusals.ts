import { refuse, type Refusal } from '../base/index.ts';

/** The numbers of wasm/base/src/refusal.rs, as words. */
const WORDS: Readonly<Record<number, string>> = {
  1: 'length',
  2: 'version',
  3: 'suite',
  4: 'relay',
  5: 'key-id',
  6: 'public-key',
  7: 'ciphertext',
  8: 'box',
  9: 'auth',
  10: 'full',
  12: 'unrecognised',
  13: 'malformed',
};

/** The refusal of a number that came from the core. Throws for those that only a caller's mistake can cause. */
export function refusalOf(what: string, code: number): Refusal {
  const word = WORDS[code];
  if (word === undefined)
    throw new Error(`crypto: ${what} with something wiped or out of range (code ${code}); use a handle only until it is wiped`);
  return refuse(`${what}-${word}`);
}
