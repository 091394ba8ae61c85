/** The one place where the screen meets the peer: types only, so that no protocol code lands in the first chunk. */
export type * from '../peer/index.ts';
