/** Runs other programs for the scripts. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
export const inRoot = (path: string): string => resolve(root, path);

/** Resolves to the exit code; output goes where ours goes, unless the options say otherwise. Rejects when it cannot be started. */
export function exitCode(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  child.on('error', reject);
  child.on('close', (code) => resolve(code ?? 1));
  return promise;
}

/** Rejects unless the program ends with 0. */
export async function run(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  const code = await exitCode(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ended with ${code}`);
}

/** Like `exitCode`, and returns what the program printed on its standard output, which also goes to ours. */
export function output(program: string, args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly code: number; readonly text: string }>();
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    process.stdout.write(piece);
  });
  child.on('error', reject);
  child.on('close', (code) => resolve({ code: code ?? 1, text }));
  return promise;
}
