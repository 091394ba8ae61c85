/**
 * Addresses (docs/protocol.md §7): a secret and two mailboxes. Each mailbox sees a topic of its own, and nothing that joins the two.
 *
 *   A 32 ── KDF("topic", 32, A, mailbox id) ──▶ Ed25519 seed ──▶ public key = topic
 */
import { equal, relayId, type Bytes, type RelayId, type TopicId } from '../base/index.ts';
import { topicOf, topicSeed, type Topic } from '../mailbox/index.ts';

const ADDRESS_BYTES = 32;

export interface Address {
  /** bytes: 32 */
  readonly secret: Bytes;
  readonly mailboxes: readonly [RelayId, RelayId];
}

/** A topic with its public name. */
export interface NamedTopic {
  readonly topic: Topic;
  readonly id: TopicId;
}

/** Each costs a multiplication on the curve, and an address is used for every blob. */
const derived = new WeakMap<Address, readonly [NamedTopic, NamedTopic]>();

/** The two topics of an address, in the order of its mailboxes. */
export function topics(address: Address): readonly [NamedTopic, NamedTopic] {
  const known = derived.get(address);
  if (known !== undefined) return known;
  const [first, second] = address.mailboxes;
  const made = [named(address, first), named(address, second)] as const;
  derived.set(address, made);
  return made;
}

function named(address: Address, mailbox: RelayId): NamedTopic {
  const seed = topicSeed(address.secret, mailbox);
  return { topic: { mailbox, seed }, id: topicOf(seed) };
}

/** An address as a message carries it: undefined unless it is a secret of 32 bytes and two different mailboxes. */
export function readAddress(secret: Uint8Array, mailboxes: readonly Uint8Array[]): Address | undefined {
  const [first, second] = mailboxes;
  if (secret.length !== ADDRESS_BYTES || mailboxes.length !== 2 || first?.length !== 32 || second?.length !== 32) return undefined;
  if (equal(first, second)) return undefined;
  return { secret: secret.slice(), mailboxes: [relayId(first), relayId(second)] };
}
