/**
 * `node scripts/wasm-branches.ts FILE.wasm [FUNCTION]`: which branches and addresses of a module depend on what it read from memory, or was
 * given in words of 64 bits or vectors, so that they can be read one by one. What comes from parameters of 32 bits, constants, the stack
 * pointer and arithmetic on these is left out: they are lengths, handles and places alone.
 *
 *   per function    branches | of them on memory      loads and stores | of them at addresses from memory      what was read
 *
 * By an abstract run of binaryen's text of the module (wasm-dis): for each local what it may have come from, in the order of execution,
 * joined where ways meet, loops until nothing changes. A word of 32 bits may be a pointer that was kept on the stack, or a secret: that is
 * for the reader. Lanes of vectors, doubles and words of 64 bits are never pointers. Memory is one: what was stored is not followed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot, run } from './program.ts';

type Node = string | readonly Node[];
type List = readonly Node[];
/** Of what a value may have been made: the instructions that read it. */
type Sources = ReadonlySet<string>;
/** Undefined: never reached. */
type Locals = Map<string, Sources> | undefined;

const none: Sources = new Set();
const isList = (node: Node | undefined): node is List => Array.isArray(node);
const lists = (list: List): readonly List[] => list.slice(1).filter(isList);
const head = (list: List): string => (typeof list[0] === 'string' ? list[0] : '');
const text = (node: Node | undefined): string => (typeof node === 'string' ? node : '');

function parse(source: string): List {
  const tokens = source.replaceAll(/;;[^\n]*/g, '').matchAll(/"(?:[^"\\]|\\.)*"|[()]|[^\s()]+/g);
  const open: Node[][] = [[]];
  for (const [token] of tokens) {
    if (token === '(') open.push([]);
    else if (token === ')') {
      const done = open.pop() ?? [];
      open.at(-1)?.push(done);
    } else open.at(-1)?.push(token);
  }
  const [module] = open[0] ?? [];
  if (!isList(module)) throw new Error('wasm-dis gave no module');
  return module;
}

function union(one: Sources, other: Sources): Sources {
  if (other.size === 0) return one;
  return one.size === 0 ? other : new Set([...one, ...other]);
}

function joined(one: Locals, other: Locals): Locals {
  if (one === undefined || other === undefined) return one ?? other;
  return new Map(
    [...new Set([...one.keys(), ...other.keys()])].map((name) => [name, union(one.get(name) ?? none, other.get(name) ?? none)]),
  );
}

const weight = (locals: Locals): number => (locals === undefined ? -1 : [...locals.values()].reduce((sum, { size }) => sum + size, 0));

export interface Site {
  readonly instruction: string;
  readonly sources: Sources;
  readonly at: List;
}

/** One function, run in the abstract. */
class Run {
  readonly branches = new Map<List, Site>();
  readonly addresses = new Map<List, Site>();
  #locals: Locals;
  readonly #labels: { readonly name: string; locals: Locals; value: Sources }[] = [];

  constructor(parameters: readonly List[]) {
    const wide = parameters.filter(([, , type]) => type !== 'i32');
    this.#locals = new Map(wide.map(([, name, type]) => [text(name), new Set([`parameter:${text(type)}`])]));
  }

  #site(kind: Map<List, Site>, at: List, sources: Sources): void {
    kind.set(at, { instruction: head(at), at, sources: union(kind.get(at)?.sources ?? none, sources) });
  }

  #jump(name: string, value: Sources): void {
    const label = this.#labels.findLast((one) => one.name === name);
    if (label === undefined) return;
    label.locals = joined(label.locals, this.#locals === undefined ? undefined : new Map(this.#locals));
    label.value = union(label.value, value);
  }

  #all(nodes: readonly List[]): Sources {
    return nodes.reduce((sum, node) => union(sum, this.value(node)), none);
  }

  /** The last of several. */
  #sequence(nodes: readonly List[]): Sources {
    let last = none;
    for (const node of nodes) last = this.value(node);
    return last;
  }

  #block(list: List): Sources {
    const label = { name: text(list[1]), locals: undefined as Locals, value: none };
    this.#labels.push(label);
    const value = this.#sequence(lists(list).filter((node) => head(node) !== 'result'));
    this.#labels.pop();
    this.#locals = joined(this.#locals, label.locals);
    return union(value, label.value);
  }

  #loop(list: List): Sources {
    const body = lists(list).filter((node) => head(node) !== 'result');
    let start = this.#locals;
    for (;;) {
      const label = { name: text(list[1]), locals: undefined as Locals, value: none };
      this.#labels.push(label);
      this.#locals = start === undefined ? undefined : new Map(start);
      const value = this.#sequence(body);
      this.#labels.pop();
      const again = joined(start, label.locals);
      if (weight(again) === weight(start)) return value;
      start = again;
    }
  }

  #if(list: List): Sources {
    const parts = lists(list);
    const condition = parts.find((node) => !['result', 'then', 'else'].includes(head(node)));
    if (condition !== undefined) this.#site(this.branches, list, this.value(condition));
    const before = this.#locals === undefined ? undefined : new Map(this.#locals);
    const then = this.#sequence(lists(parts.find((node) => head(node) === 'then') ?? []));
    const after = this.#locals;
    this.#locals = before;
    const other = this.#sequence(lists(parts.find((node) => head(node) === 'else') ?? []));
    this.#locals = joined(after, this.#locals);
    return union(then, other);
  }

  #memory(list: List): Sources {
    const [address, ...rest] = lists(list);
    if (address !== undefined) this.#site(this.addresses, list, this.value(address));
    const more = this.#all(rest);
    if (head(list).startsWith('memory.')) this.#site(this.addresses, list, more);
    return head(list).includes('load') ? union(new Set([head(list)]), head(list).includes('lane') ? more : none) : none;
  }

  value(list: List): Sources {
    const name = head(list);
    if (name === 'block') return this.#block(list);
    if (name === 'loop') return this.#loop(list);
    if (name === 'if') return this.#if(list);
    if (/^(?:(?:[if]32|[if]64|v128)\.(?:load|store)|memory\.(?:copy|fill))/.test(name)) return this.#memory(list);
    if (name === 'local.get') return this.#locals?.get(text(list[1])) ?? none;
    if (name.startsWith('local.')) {
      const made = this.#all(lists(list));
      this.#locals?.set(text(list[1]), made);
      return made;
    }
    if (name === 'br_if' || name === 'br_table') return this.#branch(list, name);
    const inside = this.#all(lists(list));
    if (name === 'br' || name === 'return' || name === 'unreachable') {
      if (name === 'br') this.#jump(text(list[1]), inside);
      this.#locals = undefined;
      return none;
    }
    return name.startsWith('call') ? new Set(['call']) : inside;
  }

  /** What it carries along, and then on what it depends. */
  #branch(list: List, name: string): Sources {
    const operands = lists(list);
    const carried = this.#all(operands.slice(0, -1));
    this.#site(this.branches, list, this.#all(operands.slice(-1)));
    for (const label of list.slice(1)) if (typeof label === 'string') this.#jump(label, carried);
    if (name === 'br_table') this.#locals = undefined;
    return carried;
  }
}

export interface Reading {
  readonly name: string;
  readonly branches: readonly Site[];
  readonly addresses: readonly Site[];
}

/** Each function of a module in text, under the name by which it is exported or its number. */
export function readings(source: string): readonly Reading[] {
  const module = parse(source);
  const parts = module.filter(isList);
  const exported = new Map(
    parts.flatMap((part) =>
      head(part) === 'export' && isList(part[2]) && head(part[2]) === 'func' ? [[text(part[2][1]), text(part[1])]] : [],
    ),
  );
  return parts
    .filter((part) => head(part) === 'func')
    .map((part) => {
      const run = new Run(lists(part).filter((node) => head(node) === 'param'));
      for (const node of lists(part)) if (!['param', 'result', 'local', 'type'].includes(head(node))) run.value(node);
      const name = (exported.get(text(part[1])) ?? text(part[1])).replaceAll('"', '');
      return { name, branches: [...run.branches.values()], addresses: [...run.addresses.values()] };
    });
}

const depends = (sites: readonly Site[]): readonly Site[] => sites.filter(({ sources }) => sources.size > 0);
const shown = (node: Node, depth = 0): string =>
  typeof node === 'string' ? node : depth > 5 ? '…' : `(${node.map((part) => shown(part, depth + 1)).join(' ')})`;

async function main([file, wanted]: readonly string[]): Promise<void> {
  if (file === undefined) throw new Error('want a module: node scripts/wasm-branches.ts wasm/pkg/sotto_cell_bg.wasm [FUNCTION]');
  const folder = mkdtempSync(join(tmpdir(), 'sotto-branches-'));
  try {
    const out = join(folder, 'module.wat');
    const program = inRoot('scripts/tools/node_modules/binaryen/bin/wasm-dis');
    await run(process.execPath, [program, '--enable-simd', '--enable-relaxed-simd', file, '-o', out]);
    for (const { name, branches, addresses } of readings(readFileSync(out, 'utf8'))) {
      const sites = [...depends(branches), ...depends(addresses)];
      const kinds = [...new Set(sites.flatMap(({ sources }) => [...sources]))].toSorted();
      const figures = [branches.length, depends(branches).length, addresses.length, depends(addresses).length].map((n) =>
        String(n).padStart(5),
      );
      console.log(`${name.padEnd(24)}${figures.join(' ')}   ${kinds.join(' ')}`);
      if (name === wanted) for (const { at, sources } of sites) console.log(`    ${[...sources].join(' ')}: ${shown(at).slice(0, 240)}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
