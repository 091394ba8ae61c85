/** One test vector: what is given, the frame that follows from it, and what a reader gets out of that frame. */
import { concat, isRefusal, toHex, u32, utf8, type Bytes, type Random, type Refusal } from '../../src/base/index.ts';
import { sha256, shake256 } from '../../src/crypto/index.ts';

export type Value = string | number | boolean | Uint8Array | readonly Value[] | { readonly [name: string]: Value };
export type Fields = Readonly<Record<string, Value>>;

export interface Case {
  readonly name: string;
  /** Of docs/protocol.md. */
  readonly section: string;
  readonly given: Fields;
  /** What is drawn at random, in order; see `Draws`. */
  readonly draws?: Draws;
  /** What comes up on the way. */
  readonly derived?: Fields;
  readonly frame: Bytes;
  /** Reads the frame: a text, or the frame written again from what was read. */
  readonly read: (frame: Bytes) => Bytes | Refusal;
  /** What `read` gives; the frame itself when absent. */
  readonly reads?: Bytes;
}

/** Draw i of the vector NAME is SHAKE256("sotto/vectors/" + NAME | u32 i), as many bytes as are asked for. */
export class Draws implements Random {
  readonly made: Bytes[] = [];
  readonly #name: Bytes;

  constructor(name: string) {
    this.#name = utf8(`sotto/vectors/${name}`);
  }

  bytes(length: number): Bytes {
    const drawn = shake256(length, concat(this.#name, u32(this.made.length)));
    // The caller may erase what it was given.
    this.made.push(drawn.slice());
    return drawn;
  }
}

/** Fixed bytes for an input that is not drawn. */
export const fixed = (name: string, length: number): Bytes => shake256(length, utf8(`sotto/vectors/${name}`));

/** What must not be refused here. */
export function taken<T>(value: T | Refusal): T {
  if (isRefusal(value)) throw new Error(`refused: ${value.refused} ${value.detail ?? ''}`);
  return value;
}

/** A reader that gives what was read in another form; a refusal stays one. */
export const reader =
  <Read>(read: (frame: Bytes) => Read | Refusal, shape: (value: Read) => Bytes) =>
  (frame: Bytes): Bytes | Refusal => {
    const value = read(frame);
    return isRefusal(value) ? value : shape(value);
  };

/** An element that must be there. */
export function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no element ${index}`);
  return found;
}

const LONG = 160;

/** Bytes as hex; long ones that are no frame by length and SHA-256, since they follow from what is given. */
function shown(value: Value): unknown {
  if (value instanceof Uint8Array) return value.length <= LONG ? toHex(value) : { length: value.length, sha256: toHex(sha256(value)) };
  if (Array.isArray(value)) return value.map((one: Value) => shown(one));
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shown(one)]));
  return value;
}

/** A case as docs/vectors.json has it. */
export function toJson({ name, section, given, draws, derived, frame, reads }: Case): Record<string, unknown> {
  return {
    name,
    section,
    given: shown(given),
    ...(draws !== undefined && draws.made.length > 0 && { draws: draws.made.map(toHex) }),
    ...(derived !== undefined && { derived: shown(derived) }),
    frame: toHex(frame),
    ...(reads !== undefined && { reads: shown(reads) }),
  };
}
