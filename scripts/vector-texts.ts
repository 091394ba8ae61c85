/**
 * Published vectors that are no JSON: C2SP/CCTV, ML-KEM/, in text.
 *
 *   modulus/         ek                    one a line, each with a coefficient that is not reduced
 *   strcmp/          dk = …  c = …  K = …  ciphertexts that differ after a zero byte alone
 *   unluckysample/   ek = …  m = …  c = …  K = …  dk = …  d = …  z = …     SHAKE is read further than it mostly is
 *   intermediate/    the same, and every value on the way
 *
 * d and z are of FIPS 203's draft, whose keys are not those of the standard; keys that are given are used alike in both.
 */
import { ask, type VectorCase } from './vector-case.ts';
import { CIPHERTEXT, type MlKemName } from './vector-formats.ts';

const LINE = /^(.+?) = (.*)$/;
const isHex = (text: string | undefined): text is string => text !== undefined && /^([0-9a-f]{2})+$/.test(text);

/** By the bytes of an encapsulation key. */
const byKey: ReadonlyMap<number, MlKemName> = new Map([
  [800, 'mlkem512'],
  [1184, 'mlkem768'],
  [1568, 'mlkem1024'],
]);

function notReduced(lines: readonly string[]): readonly VectorCase[] {
  return lines.map((ek, i) => {
    const kem = isHex(ek) ? byKey.get(ek.length / 2) : undefined;
    return { name: `${i + 1}`, questions: kem && [ask(`${kem}-encaps`, [ek, '00'.repeat(32)], 'refused')] };
  });
}

/** A name that stands there twice keeps its first value: the later ones are of steps on the way. */
function valuesOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !values.has(name)) values.set(name, value);
  }
  return values;
}

function oneCase(values: ReadonlyMap<string, string>): VectorCase {
  const [ek, dk, m, c, k] = ['ek', 'dk', 'm', 'c', 'K'].map((name) => values.get(name));
  const sizes = Object.entries(CIPHERTEXT) as readonly [MlKemName, number][];
  const kem = sizes.find(([, bytes]) => 2 * bytes === c?.length)?.[0];
  if (kem === undefined || !isHex(dk) || !isHex(c) || !isHex(k)) return { name: '1', questions: undefined };
  const opened = ask(`${kem}-decaps`, [dk, c], [k]);
  if (ek === undefined && m === undefined) return { name: '1', questions: [opened] };
  return { name: '1', questions: isHex(ek) && isHex(m) ? [opened, ask(`${kem}-encaps`, [ek, m], [c, k])] : undefined };
}

/** All cases of a file in text. Throws when it is of no known format. */
export function casesOfText(text: string): readonly VectorCase[] {
  const lines = text.split('\n').map((line) => line.trim());
  const kept = lines.filter((line) => line !== '');
  if (kept.length > 0 && kept.every(isHex)) return notReduced(kept);
  if (kept.some((line) => LINE.test(line))) return [oneCase(valuesOf(kept))];
  throw new Error('not a file of CCTV’s vectors of ML-KEM');
}
