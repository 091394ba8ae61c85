/** Heads of documents, as batches, receipts and records carry them. */
import { deviceId, hash, idBytes, isRefusal, refuse, type Refusal } from '../base/index.ts';
import type { Head } from '../replica/index.ts';
import { create, HeadSchema, type Head as WireHead } from '../wire/index.ts';

export const wireHead = (head: Head): WireHead =>
  create(HeadSchema, { device: idBytes(head.device), segment: head.segment, seq: head.seq, hash: idBytes(head.hash) });

/** Refused: `malformed`. */
export function readHeads(heads: readonly WireHead[]): Head[] | Refusal {
  if (heads.some((head) => head.device.length !== 16 || head.hash.length !== 32)) return refuse('malformed', 'a head of the wrong size');
  return heads.map((head) => ({ device: deviceId(head.device), segment: head.segment, seq: head.seq, hash: hash(head.hash) }));
}

/** A history that ends at `head` holds that update. */
export const reaches = (head: { readonly segment: number; readonly seq: number }, segment: number, seq: number): boolean =>
  head.segment > segment || (head.segment === segment && head.seq >= seq);

/** Of two lists of heads, of each device the one that reaches further; of the same place the second's. */
export function furthest(before: readonly Head[], now: readonly Head[]): Head[] {
  const all = new Map(before.map((head) => [head.device, head]));
  for (const head of now) {
    const known = all.get(head.device);
    if (known === undefined || reaches(head, known.segment, known.seq)) all.set(head.device, head);
  }
  return [...all.values()];
}

/** Heads that this device wrote down itself. Throws an Error in words when they cannot be read: its store is damaged. */
export function ownHeads(heads: readonly WireHead[]): Head[] {
  const read = readHeads(heads);
  if (isRefusal(read)) throw new Error('What this device keeps of a room is damaged.');
  return read;
}
