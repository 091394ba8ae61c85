export { blobBytes, blobSizes, blobTextBytes, sizeClasses, sizeClassFor, type SizeClass } from './blob-size.ts';
export type { BlobStore, HeldBlob } from './blob-store.ts';
export { circuitMailboxes, type CircuitMailboxesOptions } from './client.ts';
export { MailboxExit, mailboxLimits, type MailboxExitOptions, type MailboxLimits } from './exit.ts';
export {
  MailboxError,
  type Follower,
  type MailboxMisdeed,
  type Mailboxes,
  type Stored,
  type Subscription,
  type Topic,
} from './mailboxes.ts';
export { MemoryBlobStore } from './memory-blob-store.ts';
export { topicOf, topicSeed } from './topic.ts';
