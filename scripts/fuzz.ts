/**
 * `npm run fuzz`: looks for what no test thought of.
 *
 *   -- differential [--cases 1000000] [--seed N]      random cases beside implementations of others, spread over the cores
 *   -- parsers [--seconds 60 | --runs N] [--only a,b] [--minimize]
 *                                                     coverage-guided: every parser of the core and of the page, each for as long, from its corpus
 *
 * Closes with `N passed, N failed`. CONTRIBUTING.md says what is covered and what is not.
 */
import { parseArgs } from 'node:util';
import { differential } from './fuzz/differential.ts';
import { parsers } from './fuzz/parsers.ts';

/** A whole number, or the end. */
function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} ${text}: want a whole number`);
  return value;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    seconds: { type: 'string', default: '60' },
    runs: { type: 'string' },
    only: { type: 'string', default: '' },
    minimize: { type: 'boolean', default: false },
  },
});
const seed = whole('seed', values.seed);
const modes = {
  differential: () => differential({ cases: whole('cases', values.cases), seed }),
  parsers: () =>
    parsers({
      seconds: whole('seconds', values.seconds),
      runs: values.runs === undefined ? undefined : whole('runs', values.runs),
      seed,
      only: values.only.split(',').filter((part) => part !== ''),
      minimize: values.minimize,
    }),
} as const;
const [mode] = positionals;
if (mode !== 'differential' && mode !== 'parsers') throw new Error(`npm run fuzz -- ${Object.keys(modes).join(' | ')}: one of these`);
const { passed, failed } = await modes[mode]();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
