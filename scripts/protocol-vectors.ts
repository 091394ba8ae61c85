/** Makes docs/vectors.json anew: `node scripts/protocol-vectors.ts`. The same bytes each time, until the protocol changes. */
import { writeFileSync } from 'node:fs';
import { makeVectors, vectorText } from './protocol-vectors/all.ts';
import { inRoot } from './program.ts';

const vectors = await makeVectors();
const text = vectorText(vectors);
writeFileSync(inRoot('docs/vectors.json'), text);
console.log(`docs/vectors.json: ${vectors.cases.length} vectors, ${vectors.refused.length} refused, ${text.length} bytes`);
