/** Words of a stand-in under a real name (docs say what is not built; code does not pretend), and tests that do not run. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { inRoot } from './program.ts';

interface Rule {
  readonly words: RegExp;
  /** The folders it holds for; everywhere when absent. */
  readonly within?: RegExp;
}

const rules: readonly Rule[] = [
  // Not the attribute of a text field, nor its selector.
  { words: /(?<!data-|::|:)\bplaceholder\b(?!=|:|\??:|-shown)/i },
  { words: /\bfor now\b/i },
  { words: /\bin a real (implementation|app|system|deployment)\b/i },
  { words: /\b(TODO|FIXME|XXX|HACK)\b/ },
  { words: /\bnot (yet )?implemented\b|\bunimplemented!|\btodo!/i },
  { words: /\b(mock(s|ed|ing)?|dummy)\b/i, within: /^(src|wasm)\// },
  { words: /\b(it|test|describe)\.(skip|only|todo|fixme|fails)\b/, within: /^(src|e2e|scripts|bench)\// },
  { words: /#\[ignore\b/, within: /^wasm\// },
];

const places = ['src', 'scripts', 'wasm', 'e2e', 'bench', 'docs', 'deploy', 'public', '.ci'];
const kinds = new Set(['.ts', '.tsx', '.mjs', '.js', '.css', '.html', '.md', '.proto', '.rs', '.toml', '.yaml', '.yml', '.sh', '']);
const passedOver = /(^|\/)(node_modules|target|gen|pkg)\/|(^|\/)check-words(\.test)?\.ts$/;

/** One sentence for each line that holds such a word. */
export function faultsIn(path: string, text: string): string[] {
  const holding = rules.filter(({ within }) => within === undefined || within.test(path));
  return text.split('\n').flatMap((line, i) =>
    holding.flatMap(({ words }) => {
      const found = words.exec(line);
      return found === null ? [] : [`${path}:${i + 1}: "${found[0]}"`];
    }),
  );
}

function pathsIn(place: string): string[] {
  try {
    return readdirSync(inRoot(place), { withFileTypes: true }).flatMap((entry) => {
      const path = join(place, entry.name).replaceAll('\\', '/');
      if (passedOver.test(`${path}/`) || passedOver.test(path)) return [];
      return entry.isDirectory() ? pathsIn(path) : kinds.has(extname(path)) ? [path] : [];
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

export function checkWords(): string[] {
  const top = readdirSync(inRoot('.')).filter((name) => /\.(md|ts|html)$/.test(name));
  return [...top, ...places.flatMap(pathsIn)].flatMap((path) => faultsIn(path, readFileSync(inRoot(path), 'utf8')));
}
