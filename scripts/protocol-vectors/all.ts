/** Every vector of docs/vectors.json. */
import { initCryptoNode } from '../../src/crypto/node.ts';
import { toJson, type Case } from './case.ts';

/** The same on every machine and in every run. */
export async function vectorCases(): Promise<readonly Case[]> {
  await initCryptoNode();
  // They make keys as they load, for which the core has to be ready.
  const [{ networkCases }, { identities, log }, { epochs }, { invites }, { said }] = await Promise.all([
    import('./network.ts'),
    import('./log.ts'),
    import('./epochs.ts'),
    import('./invites.ts'),
    import('./said.ts'),
  ]);
  const { cases, joinHash } = invites();
  return [...networkCases(), ...identities(), ...log(joinHash), ...epochs(), ...cases, ...said()];
}

const ABOUT = [
  'Test vectors of docs/protocol.md. Made by `node scripts/protocol-vectors.ts`, checked by `npm test`.',
  'Bytes are hex, lower case. Each vector: what is given, what is drawn at random, what is derived on the way, the frame, and what a reader gets from it (absent: the frame again).',
  'Draw i of the vector NAME is SHAKE256("sotto/vectors/" + NAME | u32 i), so nothing here is secret. Values longer than 160 bytes that are not frames stand as length and SHA-256.',
  'Signatures of ML-DSA-65 are deterministic. Several cells stand one after another.',
];

/** The text of docs/vectors.json. */
export const vectorText = (cases: readonly Case[]): string =>
  `${JSON.stringify({ about: ABOUT, suite: 3, vectors: cases.map(toJson) }, null, 1)}\n`;
