/**
 * An operation in its place: a node of the graph that parents make, with what never changes once its past is known.
 *
 *   create ◀── invite ◀── admit ◀──┬── role          past(x): everything that x follows, directly or not
 *                     ◀── admit ◀──┘                 concurrent: neither follows the other
 */
import type { Bytes, Hash, PersonaId } from '../base/index.ts';
import type { DeviceIdentity } from '../identity/index.ts';
import type { OperationKind, OperationSays, ReadOperation } from './operation.ts';

/** What the author's rights, and the operation's sense, rest on: operations of its past that have to hold for it to hold. */
export interface Grounds {
  readonly author: PersonaId;
  /** The admission (or create) that made the author a member. */
  readonly admission: LogNode | undefined;
  readonly rests: readonly LogNode[];
  /** Of create and admit: the device that it lets in. */
  readonly identity?: DeviceIdentity;
}

export class LogNode {
  readonly operation: ReadOperation;
  readonly grounds: Grounds;
  /** Order of arrival here; parents come first. */
  readonly index: number;
  /** Length of the longest way back to create. */
  readonly depth: number;
  readonly #past: Uint32Array;

  constructor(operation: ReadOperation, parents: readonly LogNode[], grounds: Grounds, index: number) {
    this.operation = operation;
    this.grounds = grounds;
    this.index = index;
    this.depth = Math.max(-1, ...parents.map((parent) => parent.depth)) + 1;
    this.#past = unionOf(parents, index);
  }

  get hash(): Hash {
    return this.operation.hash;
  }

  get author(): PersonaId {
    return this.grounds.author;
  }

  get bytes(): Bytes {
    return this.operation.bytes;
  }

  follows(other: LogNode): boolean {
    return (((this.#past[other.index >>> 5] ?? 0) >>> (other.index & 31)) & 1) === 1;
  }

  isConcurrentWith(other: LogNode): boolean {
    return other !== this && !this.follows(other) && !other.follows(this);
  }

  /** What the operation says, when it is of this kind. */
  says<Kind extends OperationKind>(kind: Kind): Extract<OperationSays, Readonly<Record<Kind, unknown>>>[Kind] | undefined {
    const { says } = this.operation;
    return isOf(says, kind) ? says[kind] : undefined;
  }

  /** Adds itself and its past to a set of indexes. */
  markPast(marks: Uint32Array): void {
    for (const [word, bits] of this.#past.entries()) marks[word] = (marks[word] ?? 0) | bits;
    mark(marks, this.index);
  }
}

function isOf<Kind extends OperationKind>(
  says: OperationSays,
  kind: Kind,
): says is Extract<OperationSays, Readonly<Record<Kind, unknown>>> {
  return kind in says;
}

const mark = (marks: Uint32Array, index: number): void => {
  marks[index >>> 5] = (marks[index >>> 5] ?? 0) | (1 << (index & 31));
};

function unionOf(parents: readonly LogNode[], size: number): Uint32Array {
  const marks = new Uint32Array((size >>> 5) + 1);
  for (const parent of parents) parent.markPast(marks);
  return marks;
}

/** Those of `nodes` that are among `tops` or in their past. */
export function pastOf(nodes: readonly LogNode[], tops: readonly LogNode[]): LogNode[] {
  const marks = unionOf(tops, nodes.length);
  return nodes.filter(({ index }) => (((marks[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1);
}

/** (depth, hash): an order that every device makes alike, in which each follows what it follows. It is also the order of seniority. */
export const byDepth = (a: LogNode, b: LogNode): number => a.depth - b.depth || (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0);
