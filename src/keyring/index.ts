export { readAddress, topics, type Address, type NamedTopic } from './address.ts';
export { BLOB_SIZES, BlobKind, MAX_TEXT, openUnchained, unchained } from './blob.ts';
export { EpochSecret } from './epoch-secret.ts';
export {
  Keyring,
  MAX_BATCH,
  sealForBoth,
  sealRotation,
  type KeyringOptions,
  type KeysetOf,
  type Opened,
  type Rotation,
  type SealedFor,
} from './keyring.ts';
export { PREKEY_LIFE_AFTER_SUCCESSOR } from './prekeys.ts';
export { type Changes, type Epoch } from './records.ts';
export { MAX_PARENTS } from './rotate.ts';
export { MAX_SKIPPED } from './sender-chain.ts';
export { isPrekey, MAX_SLICES, readSlices, sliceFor, slicesRoot, type EpochMember, type Slice } from './slices.ts';
