/** Coverage-guided fuzzing: each target for as long, as many at a time as there are cores. */
import { availableParallelism } from 'node:os';
import type { Effort, Target } from './campaign.ts';
import { nativeTargets } from './native.ts';
import { pageTargetsToPlay } from './page.ts';

export interface ParserOptions extends Effort {
  /** Parts of names; all when there are none. */
  readonly only: readonly string[];
  readonly minimize: boolean;
}

async function playOne(target: Target, options: ParserOptions): Promise<boolean> {
  const { executed, covered, faults } = await target.play(options);
  if (options.minimize) await target.minimize();
  for (const fault of faults) console.log(`${target.name}: ${fault}`);
  console.log(`${target.name.padEnd(24)}${String(executed).padStart(10)} runs, coverage ${covered}, ${faults.length} failing`);
  return faults.length === 0;
}

/** Counts targets. */
export async function parsers(options: ParserOptions): Promise<{ readonly passed: number; readonly failed: number }> {
  const isAsked = (name: string): boolean => options.only.length === 0 || options.only.some((part) => name.includes(part));
  const page = pageTargetsToPlay();
  const onlyPage = options.only.length > 0 && options.only.every((part) => page.some(({ name }) => name.includes(part)));
  // A core that is not asked for is not built.
  const all = [...(onlyPage ? [] : await nativeTargets()), ...page];
  const waiting = all.filter(({ name }) => isAsked(name));
  if (waiting.length === 0) throw new Error(`--only: there are ${all.map(({ name }) => name).join(', ')}`);
  const good: boolean[] = [];
  const work = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) good.push(await playOne(target, options));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const passed = good.filter(Boolean).length;
  return { passed, failed: good.length - passed };
}
