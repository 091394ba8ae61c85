/** Runs other programs for the scripts. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
export const inRoot = (path: string): string => resolve(root, path);

/** Resolves to the exit code; output goes where ours goes, unless the options say otherwise. Rejects when it cannot be started. */
export function exitCode(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Rejects unless the program ends with 0. */
export async function run(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  const code = await exitCode(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ended with ${code}`);
}
