/** Makes docs/vectors.json anew: `node scripts/protocol-vectors.ts`. The same bytes each time, until the protocol changes. */
import { writeFileSync } from 'node:fs';
import { vectorCases, vectorText } from './protocol-vectors/all.ts';
import { inRoot } from './program.ts';

const cases = await vectorCases();
const text = vectorText(cases);
writeFileSync(inRoot('docs/vectors.json'), text);
console.log(`docs/vectors.json: ${cases.length} vectors, ${text.length} bytes`);
