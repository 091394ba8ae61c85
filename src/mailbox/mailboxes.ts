/**
 * Mailboxes as the rooms see them (docs/protocol.md §7): post a blob under a topic, follow a topic. Behind it are circuits;
 * in tests of the rooms, memory.
 */
import type { Bytes, RelayId } from '../base/index.ts';

/** One half of an address: a topic at one relay. The topic is the Ed25519 public key of `topicSeed`. */
export interface Topic {
  readonly mailbox: RelayId;
  /** Ed25519 seed, KDF("topic", 32, A, mailbox id). bytes: 32 */
  readonly seed: Bytes;
}

export interface Stored {
  readonly instance: number;
  readonly cursor: bigint;
}

/** Why a post did not end in STORED. `silent`: no answer; `refused`: the mailbox said no (code, seconds to wait); `unknown`: no descriptor of that relay. */
export class MailboxError extends Error {
  override readonly name = 'MailboxError';
  readonly kind: 'silent' | 'refused' | 'unknown';
  readonly code: number;
  readonly retryAfter: number;

  constructor(kind: MailboxError['kind'], message: string, code = 0, retryAfter = 0) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** `not-kept`: said STORED, and the blob did not come back to whoever posted it. `left-out`: gaps in what is handed over. */
export type MailboxMisdeed = 'not-kept' | 'left-out';

export interface Follower {
  /** A blob, in the order of the mailbox's cursor; may come again after a change of circuit. */
  blob(instance: number, cursor: bigint, blob: Bytes): void;
  /** Everything stored up to now has been handed over. */
  caughtUp(instance: number, cursor: bigint): void;
}

export interface Subscription {
  close(): void;
}

export interface Mailboxes {
  /** `isolation` names the persona and room: one circuit carries one (isolation, mailbox) (§5). Rejects with MailboxError; may be called again with the same blob (idempotent by hash). */
  post(isolation: string, topic: Topic, blob: Uint8Array): Promise<Stored>;
  /** Follows a topic from after (instance, after) on, over as many circuits as it takes, until closed. */
  follow(isolation: string, topic: Topic, from: Stored | undefined, follower: Follower): Subscription;
}
