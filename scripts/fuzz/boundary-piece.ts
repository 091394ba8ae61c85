/** `node boundary-piece.ts KIND COUNT SEED`: so many cases of one kind, for differential.ts. */
import { seededRandom } from '../../src/base/testing.ts';
import { kinds, playKind } from './boundary.ts';

const [which = 0, count = 0, seed = 0] = process.argv.slice(2).map(Number);
const [kind] = kinds[which] ?? [];
if (kind === undefined) throw new Error(`boundary-piece: there is no kind ${which}`);
const { passed, faults } = playKind(kind, count, seededRandom(seed));
for (const fault of faults) console.log(fault);
console.log(`${passed} passed, ${faults.length} failed`);
process.exitCode = faults.length > 0 ? 1 : 0;
