/** Every vector of docs/vectors.json. */
import { initCryptoNode } from '../../src/crypto/node.ts';
import { toHex } from '../../src/base/index.ts';
import { toJson, type Case } from './case.ts';
import type { Refused } from './refusals.ts';

export interface Vectors {
  readonly cases: readonly Case[];
  readonly refused: readonly (Refused & { readonly word: string })[];
}

/** The same on every machine and in every run. */
export async function makeVectors(): Promise<Vectors> {
  await initCryptoNode();
  // They make keys as they load, for which the core has to be ready.
  const [{ networkCases }, { identities, log }, { epochs }, { invites }, { said }, { direct, directRefusals }, { refusals, wordOf }] =
    await Promise.all([
      import('./network.ts'),
      import('./log.ts'),
      import('./epochs.ts'),
      import('./invites.ts'),
      import('./said.ts'),
      import('./direct.ts'),
      import('./refusals.ts'),
    ]);
  const { cases, joinHash } = invites();
  const all = [...networkCases(), ...direct(), ...identities(), ...log(joinHash), ...epochs(), ...cases, ...said()];
  const refused = [...all.filter(({ name }) => name === 'rotate').flatMap(refusals), ...directRefusals()];
  return { cases: all, refused: refused.map((one) => ({ ...one, word: wordOf(one) })) };
}

const ABOUT = [
  'Test vectors of docs/protocol.md. Made by `node scripts/protocol-vectors.ts`, checked by `npm test`.',
  'Bytes are hex, lower case. Each vector: what is given, what is drawn at random, what is derived on the way, the frame, and what a reader gets from it (absent: the frame again).',
  'Draw i of the vector NAME is SHAKE256("sotto/vectors/" + NAME | u32 i), so nothing here is secret. Values longer than 160 bytes that are not frames stand as length and SHA-256.',
  'Signatures of ML-DSA-65 are deterministic. Several cells stand one after another.',
  'Each of `refused` breaks the rule that it names, and no other; `word` is what this code calls that.',
];

/** The text of docs/vectors.json. */
export function vectorText({ cases, refused }: Vectors): string {
  const shown = refused.map(({ name, section, rule, word, frame }) => ({ name, section, rule, word, frame: toHex(frame) }));
  return `${JSON.stringify({ about: ABOUT, suite: 3, vectors: cases.map(toJson), refused: shown }, null, 1)}\n`;
}
