/** The parts of the mailbox that need Node. */
export { SqliteBlobStore } from './sqlite-blob-store.ts';
