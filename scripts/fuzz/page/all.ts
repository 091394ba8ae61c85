/** Every parser of the page and the relay that takes bytes from outside, for npm run fuzz and for the replay in npm test. */
import { makeVectors } from '../../protocol-vectors/all.ts';
import type { PageTarget } from './target.ts';

/** From here on this process takes signatures for right; see frames.ts. */
export async function pageTargets(): Promise<readonly PageTarget[]> {
  // The vectors make the crypto ready, which what is loaded next needs.
  const vectors = await makeVectors();
  const [
    { believeSignatures, frameTargets },
    { streamTargets },
    { hopTarget },
    { clientTarget },
    { sessionTarget },
    { insideTargets },
    { textTargets },
  ] = await Promise.all([
    import('./frames.ts'),
    import('./streams.ts'),
    import('./hop.ts'),
    import('./client.ts'),
    import('./session.ts'),
    import('./inside.ts'),
    import('./texts.ts'),
  ]);
  believeSignatures();
  return [
    ...frameTargets(vectors),
    ...streamTargets,
    hopTarget,
    clientTarget,
    sessionTarget,
    ...insideTargets(vectors),
    ...textTargets(vectors),
  ];
}
