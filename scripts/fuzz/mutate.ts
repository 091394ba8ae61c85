/** Changes to inputs: of bytes, of numbers, of whole fields of Protocol Buffers with the lengths around them set right. */
import { concat, type Bytes } from '../../src/base/index.ts';

/** 0 … end − 1 */
export type Chance = (end: number) => number;

/** Repeatable, and fast: mulberry32. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) % Math.max(1, end);
  };
}

const EDGES = [
  0,
  1,
  2,
  15,
  16,
  31,
  32,
  63,
  64,
  127,
  128,
  255,
  256,
  985,
  986,
  987,
  1006,
  1016,
  1024,
  32767,
  32768,
  65535,
  2 ** 31,
  2 ** 32 - 1,
];

type Mutation = (bytes: Bytes, chance: Chance, other: Bytes) => Bytes;

const cut = (bytes: Bytes, from: number, to: number, between: Uint8Array = new Uint8Array(0)): Bytes =>
  concat(bytes.subarray(0, from), between, bytes.subarray(to));

/** A stretch of bytes, short ones more often. */
function stretch(bytes: Bytes, chance: Chance): readonly [number, number] {
  const from = chance(bytes.length + 1);
  return [from, Math.min(bytes.length, from + 1 + chance(chance(4) === 0 ? bytes.length : 8))];
}

const ofBytes: readonly Mutation[] = [
  (bytes, chance) => {
    const at = chance(bytes.length);
    return cut(bytes, at, at + 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << chance(8))));
  },
  (bytes, chance) => {
    const at = chance(bytes.length);
    return cut(bytes, at, at + 1, Uint8Array.of(chance(256)));
  },
  (bytes, chance) => cut(bytes, ...stretch(bytes, chance)),
  (bytes, chance) => {
    const at = chance(bytes.length + 1);
    return cut(
      bytes,
      at,
      at,
      Uint8Array.from({ length: 1 + chance(8) }, () => chance(256)),
    );
  },
  // A number of one, two or four bytes, big-endian.
  (bytes, chance) => {
    const [at, size, value] = [chance(bytes.length), 2 ** chance(3), EDGES[chance(EDGES.length)] ?? 0];
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, value);
    return cut(bytes, at, Math.min(bytes.length, at + size), number.subarray(4 - size));
  },
  // A stretch once more, elsewhere; or one of another input.
  (bytes, chance) => {
    const at = chance(bytes.length + 1);
    return cut(bytes, at, at, bytes.subarray(...stretch(bytes, chance)));
  },
  (bytes, chance, other) => {
    const at = chance(bytes.length + 1);
    return cut(bytes, at, chance(2) === 0 ? at : bytes.length, other.subarray(...stretch(other, chance)));
  },
  (bytes, chance) => bytes.slice(0, chance(bytes.length + 1)),
];

interface Field {
  readonly tag: Bytes;
  readonly isBytes: boolean;
  readonly value: Bytes;
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest >= 128 ? (rest % 128) + 128 : rest);
    if (rest < 128) return Uint8Array.from(bytes);
  }
}

/** Where a varint that begins at `at` ends, and what it says; undefined past ten bytes or the end. */
function readVarint(bytes: Bytes, at: number): { readonly end: number; readonly value: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 128 ** i;
    if (byte < 128) return { end: at + i + 1, value };
  }
  return undefined;
}

/** The fields of a message, if that is what the bytes are. */
export function fieldsOf(bytes: Bytes): Field[] | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    if (tag === undefined || tag.value < 8) return undefined;
    const next = readVarint(bytes, tag.end);
    const type = tag.value % 8;
    if (next === undefined || (type !== 0 && type !== 2)) return undefined;
    const end = type === 0 ? next.end : next.end + next.value;
    if (end > bytes.length) return undefined;
    const value = type === 0 ? bytes.slice(tag.end, end) : bytes.slice(next.end, end);
    fields.push({ tag: bytes.slice(at, tag.end), isBytes: type === 2, value });
    at = end;
  }
  return fields;
}

export const joinFields = (fields: readonly Field[]): Bytes =>
  concat(...fields.flatMap(({ tag, isBytes, value }) => (isBytes ? [tag, varint(value.length), value] : [tag, value])));

/** One field of a message, or of a message within it: left out, doubled, moved, made another's, or its content changed. */
function ofFields(bytes: Bytes, chance: Chance, other: Bytes, depth = 0): Bytes {
  const fields = fieldsOf(bytes);
  const at = chance(fields?.length ?? 0);
  const field = fields?.[at];
  if (fields === undefined || field === undefined) return anyOf(ofBytes, chance)(bytes, chance, other);
  switch (chance(8)) {
    case 0:
      return joinFields(fields.toSpliced(at, 1));
    case 1:
      return joinFields(fields.toSpliced(chance(fields.length + 1), 0, field));
    case 2: {
      const wanted = fieldsOf(other);
      return joinFields(fields.toSpliced(at, 1, wanted?.[chance(wanted.length)] ?? field));
    }
    default: {
      if (!field.isBytes) return joinFields(fields.with(at, { ...field, value: varint(EDGES[chance(EDGES.length)] ?? 0) }));
      const value = depth < 6 ? ofFields(field.value, chance, other, depth + 1) : field.value;
      return joinFields(fields.with(at, { ...field, value }));
    }
  }
}

const anyOf = (mutations: readonly Mutation[], chance: Chance): Mutation => mutations[chance(mutations.length)] ?? ((bytes) => bytes);

/** Another input, one to four changes away. The first `fixed` bytes, which choose what is read, seldom change. */
export function mutated(bytes: Bytes, chance: Chance, other: Bytes, fixed: number, longest: number): Bytes {
  const isWhole = chance(64) === 0;
  const [head, start] = isWhole ? [new Uint8Array(0), bytes] : [bytes.subarray(0, fixed), bytes.slice(fixed)];
  let changed = start;
  for (let times = 1 + chance(4); times > 0; times--) {
    const rest = other.slice(Math.min(fixed, other.length));
    changed = chance(3) === 0 ? ofFields(changed, chance, rest) : anyOf(ofBytes, chance)(changed, chance, rest);
  }
  return concat(head, changed).slice(0, longest);
}
