/**
 * A whole directory in pages (docs/protocol.md §4.3):
 *
 *   DIRECTORY? = cursor u32                                  0: from the start
 *   DIRECTORY  = next cursor u32 | (length u16 | descriptor) × up to 7         0: the end
 *
 * The cursor is the first four bytes of the next relay's id, so that relays which come and go between two pages shift nothing.
 */
import { concat, fromHex, readU16, readU32, refuse, u16, u32, type Bytes, type Refusal } from '../base/index.ts';
import { MAX_DESCRIPTOR_BYTES } from './descriptor.ts';
import type { Descriptor } from './descriptor-type.ts';

export const PAGE_DESCRIPTORS = 7;

export interface Page {
  readonly next: number;
  readonly descriptors: readonly Bytes[];
}

export const encodeDirectoryRequest = (cursor: number): Bytes => u32(cursor);

const placeOf = ({ id }: Descriptor): number => readU32(fromHex(id.slice(0, 8)), 0);

/** The body of DIRECTORY that answers a DIRECTORY? over descriptors sorted by id. */
export function answerDirectory(sorted: readonly Descriptor[], request: Uint8Array): Bytes | Refusal {
  if (request.length !== 4) return refuse('directory-request');
  const cursor = readU32(request, 0);
  const rest = sorted.filter((descriptor) => placeOf(descriptor) >= cursor);
  const page = rest.slice(0, PAGE_DESCRIPTORS);
  const last = page.at(-1);
  // Each page goes further than the one before it, whatever ids somebody has ground: past the last, should all of a page share one place.
  const after = last === undefined ? undefined : rest.slice(PAGE_DESCRIPTORS).find((d) => placeOf(d) > cursor);
  return encodePage({ next: after === undefined ? 0 : placeOf(after), descriptors: page.map(({ signed }) => signed) });
}

export const encodePage = ({ next, descriptors }: Page): Bytes =>
  concat(u32(next), ...descriptors.flatMap((signed) => [u16(signed.length), signed]));

/** Reads a page. Refused as `directory-page`: a cut or empty descriptor, more than seven, one that is too long. */
export function decodePage(body: Uint8Array): Page | Refusal {
  if (body.length < 4) return refuse('directory-page');
  const descriptors: Bytes[] = [];
  let at = 4;
  while (at < body.length) {
    const length = at + 2 <= body.length ? readU16(body, at) : 0;
    const end = at + 2 + length;
    if (length === 0 || length > MAX_DESCRIPTOR_BYTES || end > body.length || descriptors.length === PAGE_DESCRIPTORS)
      return refuse('directory-page');
    descriptors.push(new Uint8Array(body.subarray(at + 2, end)));
    at = end;
  }
  return { next: readU32(body, 0), descriptors };
}
