/**
 * Coverage of JavaScript and TypeScript, for a fuzzer: every branch of every module that is loaded after `instrument()` says when it is
 * taken, with a number of its own. V8 counts too, but takes some 20 ms to tell, an input some 20 µs.
 *
 *   if (a) b;  a ? b : c  a || b  () => b        ──▶        if (a) {n(1);b;}  a ? (n(1),b) : (n(2),c)  a || (n(1),b)  () => (n(1),b)
 */
import { registerHooks } from 'node:module';
import { parseSync } from 'vite';

/** Branches that were taken since `forget`, each once. */
export const taken: number[] = [];
const isTaken: boolean[] = [];

/** Under this name all modules find `note`. */
const NOTE = '__sottoTaken';

function note(branch: number): void {
  if (isTaken[branch] === true) return;
  isTaken[branch] = true;
  taken.push(branch);
}

/** Before the next input. */
export function forget(): void {
  for (const branch of taken) isTaken[branch] = false;
  taken.length = 0;
}

let branches = 0;
export const branchCount = (): number => branches;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

interface Insertion {
  readonly at: number;
  readonly text: string;
  /** What closes goes before what opens at the same place. */
  readonly closes: boolean;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value && typeof value.type === 'string';

/** The parts of a node of which one is taken and another is not. */
function branchesOf(node: Node): readonly unknown[] {
  switch (node.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
      return [node['consequent'], node['alternate']];
    case 'LogicalExpression':
      return [node['right']];
    case 'ForStatement':
    case 'ForOfStatement':
    case 'ForInStatement':
    case 'WhileStatement':
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'CatchClause':
      return [node['body']];
    case 'SwitchCase':
      return Array.isArray(node['consequent']) ? node['consequent'].slice(0, 1) : [];
    default:
      return [];
  }
}

const isStatement = (node: Node): boolean => /Statement$|Declaration$/.test(node.type);

function mark(branch: Node, insertions: Insertion[]): void {
  const call = `${NOTE}(${branches++})`;
  const [open, close] = isStatement(branch) ? [`{${call};`, '}'] : [`(${call},`, ')'];
  if (branch.type === 'BlockStatement') insertions.push({ at: branch.start + 1, text: `${call};`, closes: false });
  else insertions.push({ at: branch.start, text: open, closes: false }, { at: branch.end, text: close, closes: true });
}

/** A case is a list of statements, of which declarations are not closed in. */
function markCase(first: Node, insertions: Insertion[]): void {
  insertions.push({ at: first.start, text: `${NOTE}(${branches++});`, closes: false });
}

/** Outer insertions come before inner ones, so that at one place both open, or close, in their order. */
function collect(value: unknown, opens: Insertion[], closes: Insertion[]): void {
  if (Array.isArray(value)) {
    for (const one of value) collect(one, opens, closes);
    return;
  }
  if (!isNode(value)) return;
  const own: Insertion[] = [];
  for (const branch of branchesOf(value)) {
    if (!isNode(branch)) continue;
    if (value.type === 'SwitchCase') markCase(branch, own);
    else mark(branch, own);
  }
  opens.push(...own.filter((insertion) => !insertion.closes));
  for (const [name, child] of Object.entries(value)) if (name !== 'typeAnnotation' && name !== 'returnType') collect(child, opens, closes);
  closes.push(...own.filter((insertion) => insertion.closes));
}

/** The same text with its branches marked. */
export function marked(path: string, text: string): string {
  const { program, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  const [opens, closes]: [Insertion[], Insertion[]] = [[], []];
  collect(program, opens, closes);
  const all = [...closes, ...opens].toSorted((a, b) => a.at - b.at || Number(b.closes) - Number(a.closes));
  let out = '';
  let at = 0;
  for (const insertion of all) {
    out += text.slice(at, insertion.at) + insertion.text;
    at = insertion.at;
  }
  return out + text.slice(at);
}

/** Whatever is loaded from now on and whose address fits is marked. */
export function instrument(wanted: RegExp): void {
  Object.defineProperty(globalThis, NOTE, { value: note });
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!wanted.test(url) || loaded.source === undefined || loaded.source === null) return loaded;
      if (loaded.format !== 'module' && loaded.format !== 'module-typescript') return loaded;
      const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: marked(new URL(url).pathname, text) };
    },
  });
}
