/** A mailbox holds blobs of seven sizes, each filling the cells of its POST: 986 k − 96 bytes, k ∈ {1, 2, 4 … 64} (docs/protocol.md §7.1). */
const CELL_DATA = 986;
const POST_HEADER = 96;
const BLOB_HEADER = 24 + 64;
const BODY_TAG = 16;

export type SizeClass = 1 | 2 | 4 | 8 | 16 | 32 | 64;
export const sizeClasses: readonly SizeClass[] = [1, 2, 4, 8, 16, 32, 64];

/** bytes of a blob of that class: 890, 1876, 3848 … 63,008. */
export const blobBytes = (k: SizeClass): number => CELL_DATA * k - POST_HEADER;
export const blobSizes: readonly number[] = sizeClasses.map(blobBytes);

/** bytes of text and padding zeros in a blob of that class: without nonce 24, header 64 and the body's tag 16. */
export const blobTextBytes = (k: SizeClass): number => blobBytes(k) - BLOB_HEADER - BODY_TAG;

/** The least class that holds a text of `length` bytes; undefined above 62,904. */
export const sizeClassFor = (length: number): SizeClass | undefined => sizeClasses.find((k) => blobTextBytes(k) >= length);

export const isBlobSize = (length: number): boolean => blobSizes.includes(length);
