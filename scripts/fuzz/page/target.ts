/** One parser of the page or the relay as a fuzzer sees it. */
import { isRefusal, type Bytes } from '../../../src/base/index.ts';

export interface PageTarget {
  readonly name: string;
  /** How many bytes at the start choose what is read. */
  readonly fixed: number;
  readonly seeds: readonly Bytes[];
  /** Reads any bytes; gives a word for what became of them. Throws, or rejects, when something does not hold. */
  read(bytes: Bytes): string | Promise<string>;
}

/** What a reader answers, as a word. */
export const word = (answer: unknown): string => (isRefusal(answer) ? `${answer.refused} ${answer.detail ?? ''}` : 'taken');

export function holds(right: boolean, what: string): asserts right {
  if (!right) throw new Error(what);
}

/** One of several readers, which the first byte chooses. */
export interface Choice {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  read(bytes: Bytes): string;
}

export function oneOf(name: string, choices: readonly Choice[]): PageTarget {
  return {
    name,
    fixed: 1,
    seeds: choices.flatMap(({ seeds }, i) => seeds.map((seed) => Uint8Array.of(i, ...seed))),
    read(bytes) {
      const choice = choices[(bytes[0] ?? 0) % choices.length];
      if (choice === undefined) throw new Error(`${name}: no choices`);
      return `${choice.name} ${choice.read(bytes.slice(1))}`;
    },
  };
}

/** Reads `length u16 | bytes` over and over; the last may be short. */
export function pieces(bytes: Bytes): Bytes[] {
  const all: Bytes[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    all.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return all;
}

/** The other way. */
export function inPieces(parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [part.length >> 8, part.length & 255, ...part]));
}
