export { aeadOpen, aeadSeal, AEAD_TAG } from './aead.ts';
export { inUse, type CryptoSource } from './core.ts';
export { wrongAnswers } from './dispatch.ts';
export { initCrypto } from './start.ts';
export {
  CREATE,
  CREATED,
  createHop,
  createKeyId,
  HOP_PARAMS,
  OnionKey,
  wipeHop,
  type Hop,
  type HopAttempt,
  type HopTarget,
} from './handshake.ts';
export { CIRCUIT_SUITES, SUITE, suiteLengths, SUITES, type CircuitSuite, type Suite, type SuiteLengths } from './suite.ts';
export { kdf, purpose, sha256, shake256 } from './hash.ts';
export {
  kem,
  KEM_CIPHERTEXT,
  KEM_PUBLIC,
  KEM_SECRET,
  KEM_SHARED,
  KemKey,
  kemOf,
  openSealed,
  sealTo,
  type Encapsulated,
  type Kem,
  type KemKeypair,
} from './kem.ts';
export {
  CELL,
  decipherLayers,
  encipherLayers,
  LayerKey,
  processCells,
  ring,
  RING_SLOTS,
  type CellJob,
  type Job,
  type Way,
} from './layers.ts';
export {
  CELL_DATA,
  FLAG_REPLY,
  isRecognised,
  joinMessage,
  MAX_MESSAGE,
  MAX_PARTS,
  openPart,
  partsFor,
  splitMessage,
  writeSeen,
  type CellPart,
  type MessageHead,
} from './message.ts';
export { ed25519, ED25519_PUBLIC, ED25519_SIGNATURE, type Keypair } from './ed25519.ts';
export { hybrid, HYBRID_PUBLIC, MLDSA_PUBLIC, MLDSA_SIGNATURE, type HybridSignature } from './signature.ts';
