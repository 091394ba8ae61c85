/** Topics (docs/protocol.md §7): from an address's secret, one for each of its mailboxes, so that two mailboxes see nothing in common. */
import { idBytes, topicId, type Bytes, type RelayId, type TopicId } from '../base/index.ts';
import { ed25519, kdf } from '../crypto/index.ts';

/** Ed25519 seed of the topic that address secret `A` (bytes: 32) has at that mailbox. bytes: 32 */
export function topicSeed(A: Uint8Array, mailbox: RelayId): Bytes {
  if (A.length !== 32) throw new RangeError(`address secret: want 32 bytes, got ${A.length}`);
  return kdf('topic', 32, A, idBytes(mailbox));
}

/** The topic itself: the public key. */
export const topicOf = (seed: Uint8Array): TopicId => topicId(ed25519.keypair(seed).publicKey);
