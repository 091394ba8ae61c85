/**
 * `npm run timing -- [--samples N]`: does the time of what handles secrets tell of them (bench/dudect.ts)? In Node and in Chromium. A leak
 * that was planted must be seen. Exit code 1 when it is not, or when anything else leaks.
 */
import { parseArgs } from 'node:util';
import { systemRandom } from '../src/base/index.ts';
import { initCryptoNode } from '../src/crypto/node.ts';
import { pageVerdicts } from '../bench/chromium.ts';
import { judge, LEAKS, type Verdict } from '../bench/dudect.ts';
import { planted, subjects } from '../bench/subjects.ts';

const { values } = parseArgs({ options: { samples: { type: 'string', default: '100000' } } });
const samples = Number(values.samples);
if (!Number.isSafeInteger(samples) || samples < 1_000) throw new Error(`--samples ${values.samples}: a whole number from 1000 on`);

let wrong = 0;
function tell(where: string, { name, t }: Verdict, isPlanted: boolean): void {
  const leaks = t > LEAKS;
  if (leaks !== isPlanted) wrong++;
  const said = leaks ? (isPlanted ? 'seen' : 'LEAKS') : isPlanted ? 'NOT SEEN' : 'nothing seen';
  console.log(`${where.padEnd(8)} |t| ${t.toFixed(1).padStart(7)}  ${said.padEnd(12)}  ${name}`);
}

await initCryptoNode();
for (const [i, subject] of [planted(systemRandom), ...subjects(systemRandom)].entries()) {
  tell('Node', judge(subject, samples, systemRandom), i === 0);
}
let first = true;
for await (const verdict of pageVerdicts(samples)) {
  tell('Chromium', verdict, first);
  first = false;
}
console.log(`${samples} measurements each; beyond ${LEAKS} is a leak`);
process.exit(wrong === 0 && !first ? 0 : 1);
