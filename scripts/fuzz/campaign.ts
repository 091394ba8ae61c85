/** What the fuzzing of the core and that of the page have in common: how long, what came of it, and what is kept in the repository. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Effort {
  readonly seconds: number;
  /** Instead of the seconds. */
  readonly runs: number | undefined;
  readonly seed: number;
}

export interface Outcome {
  readonly executed: number;
  /** Edges in the core, characters of source in the page. */
  readonly covered: number;
  /** One sentence for each input that made it fail; it is kept. */
  readonly faults: readonly string[];
}

export interface Target {
  readonly name: string;
  play(effort: Effort): Promise<Outcome>;
  /** Takes what was found into what is kept. */
  minimize(): Promise<void>;
}

/** Of all that one target keeps beside the frames of the vectors and what made it fail. bytes, files */
const BOUND = 4_000;
const MOST = 40;

/** Inputs in order of their length. */
export function readInputs(folder: string): { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }))
    .toSorted((a, b) => a.bytes.length - b.bytes.length || (a.name < b.name ? -1 : 1));
}

export const nameOf = (bytes: Uint8Array): string => `${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.bin`;

/** Replaces what was found before in `to` by the smallest inputs of `from`. Seeds and what failed stay. */
export function keepSmallest(from: string, to: string): void {
  const stays = readInputs(to).filter(({ name }) => /^(vector|found)-/.test(name));
  for (const { name } of readInputs(to)) if (!stays.some((input) => input.name === name)) rmSync(join(to, name));
  const known = new Set(stays.map(({ bytes }) => nameOf(bytes)));
  let [size, count] = [0, 0];
  for (const { bytes } of readInputs(from)) {
    if (known.has(nameOf(bytes))) continue;
    size += bytes.length;
    if (size > BOUND || ++count > MOST) return;
    writeFileSync(join(to, nameOf(bytes)), bytes);
  }
}
