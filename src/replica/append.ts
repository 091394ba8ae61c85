/**
 * The one shape of change that a document takes: entries pushed at the end of its array, written by its only writer. As a Yjs
 * update (v2) that is a run of Items of binary content, each to the right of the one before, and an empty delete set:
 *
 *   feature 0 | nine columns, each length | bytes | 1 client | items | clock of the first | contents … | 0 deletions
 *
 * Such an update applies fully wherever what came before is there, and can touch nothing else; so a reader takes the entries from
 * it after checking, and never merges an unchecked byte into anything.
 */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { concat, equal, idBytes, isRefusal, readU32, refuse, u32, type Bytes, type DeviceId, type Refusal } from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';

/** Entries that a segment takes: one ever-growing Y.Array is super-linear. */
export const SEGMENT_ENTRIES = 1024;

const ARRAY = 'entries';
const COLUMNS = 9;

export interface Append {
  /** Position of the first entry in its segment. */
  readonly first: number;
  readonly entries: readonly Bytes[];
}

/** The only Yjs client that may write the document: u32(H(device | u32 segment)). */
export const clientOf = (device: DeviceId, segment: number): number => readU32(sha256(concat(idBytes(device), u32(segment))), 0);

/** A writer's document, holding what `updates` (in order) brought. */
export function openDocument(updates: Iterable<Uint8Array>): Y.Doc {
  const document = new Y.Doc({ guid: '' });
  document.transact(() => {
    for (const update of updates) Y.applyUpdateV2(document, update);
  });
  return document;
}

/** Pushes entries to the document and returns the Yjs update that does so. */
export function pushEntries(document: Y.Doc, client: number, entries: readonly Uint8Array[]): Uint8Array {
  let update: Uint8Array | undefined;
  const keep = (made: Uint8Array): void => {
    update = made;
  };
  document.clientID = client;
  document.on('updateV2', keep);
  document.transact(() => document.getArray(ARRAY).push(entries.map((entry) => entry.slice())));
  document.off('updateV2', keep);
  if (update === undefined) throw new Error('push at least one entry');
  return update;
}

export const entriesIn = (document: Y.Doc): number => document.getArray(ARRAY).length;

/** Reads a Yjs update that must be an append by `client`. Refused: `malformed`, `not-append`, `wrong-client`, `not-canonical`. */
export function readAppend(update: Uint8Array, client: number): Append | Refusal {
  try {
    if (!isBounded(update)) return refuse('not-append', 'more than one client or too many items');
    const read = itemsIn(update, client);
    if (isRefusal(read)) return read;
    const { first, entries, items } = read;
    return equal(encodeItems(items, client, first), update) ? { first, entries } : refuse('not-canonical', 'Yjs update');
  } catch {
    return refuse('malformed', 'Yjs update');
  }
}

/** The same of an update that was read before it was kept. Throws Error when it is none. */
export function keptAppend(update: Uint8Array, client: number): Append {
  const read = itemsIn(update, client);
  if (isRefusal(read)) throw new Error(`the store gave back a damaged update (${read.refused}): restore from another device`);
  return { first: read.first, entries: read.entries };
}

function itemsIn(update: Uint8Array, client: number): (Append & { readonly items: readonly Y.Item[] }) | Refusal {
  const { structs, ds } = Y.decodeUpdateV2(update);
  if (ds.clients.size > 0) return refuse('not-append', 'deletes');
  const first = structs[0]?.id.clock;
  if (first === undefined) return refuse('not-append', 'empty');
  const items: Y.Item[] = [];
  const entries: Bytes[] = [];
  for (const struct of structs) {
    if (struct.id.client !== client) return refuse('wrong-client');
    const entry = entryOf(struct, client, first + items.length);
    if (entry === undefined) return refuse('not-append', 'another kind of change');
    items.push(struct as Y.Item);
    entries.push(entry);
  }
  return { first, entries, items };
}

/**
 * One client and no more items than a segment takes. The columns are run-length coded, so a few bytes could otherwise claim more
 * items than memory holds.
 */
function isBounded(update: Uint8Array): boolean {
  const decoder = decoding.createDecoder(update);
  decoding.readVarUint(decoder);
  for (let column = 0; column < COLUMNS; column++) decoding.readVarUint8Array(decoder);
  return decoding.readVarUint(decoder) === 1 && decoding.readVarUint(decoder) <= SEGMENT_ENTRIES;
}

/** The content of a struct that is the append at `clock`; undefined of any other. */
function entryOf(struct: unknown, client: number, clock: number): Bytes | undefined {
  if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentBinary)) return undefined;
  if (struct.id.clock !== clock || struct.rightOrigin !== null || struct.parentSub !== null) return undefined;
  const { origin } = struct;
  const follows = clock === 0 ? origin === null && isArray(struct.parent) : origin?.client === client && origin.clock === clock - 1;
  return follows ? struct.content.content.slice() : undefined;
}

const isArray = (parent: unknown): boolean => parent === ARRAY;

/** The same update, written again by Yjs's own encoder. */
function encodeItems(items: readonly Y.Item[], client: number, first: number): Uint8Array {
  const encoder = new Y.UpdateEncoderV2();
  encoding.writeVarUint(encoder.restEncoder, 1);
  encoding.writeVarUint(encoder.restEncoder, items.length);
  encoder.writeClient(client);
  encoding.writeVarUint(encoder.restEncoder, first);
  for (const item of items) item.write(encoder, 0);
  encoding.writeVarUint(encoder.restEncoder, 0);
  return encoder.toUint8Array();
}
