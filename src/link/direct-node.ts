/**
 * Direct links (docs/protocol.md §6.1): the members of one room, each with a node made for that room alone, joined two by two without
 * a relay between them. What travels are the same sealed blobs that mailboxes hold.
 *
 *   allow(peers) ──► found through a relay that both know ──► link: frames of /sotto/direct/1 ──► lost ──► tried again, ever more slowly
 */
import type { Brand, Bytes, RelayId, TopicId } from '../base/index.ts';

export const DIRECT_PROTOCOL = '/sotto/direct/1';

/** A node for direct links: hex of its Ed25519 public key, fresh each time one is opened. bytes: 32 */
export type DirectId = Brand<string, 'DirectId'>;

/** One whom a member has named by signature, and the relays at which it says that it is found. */
export interface DirectPeer {
  readonly id: DirectId;
  readonly relays: readonly RelayId[];
}

/** What a node tells whoever opened it. */
export interface DirectHandler {
  linked(peer: DirectId): void;
  lost(peer: DirectId, why: string): void;
  /** `taken` must be called once the blob has been dealt with: until then the other side may send only so many more. */
  blob(peer: DirectId, topic: TopicId, blob: Bytes, taken: () => void): void;
  /** The relays at which this node is found have changed. */
  moved(): void;
}

export interface DirectNode {
  readonly id: DirectId;
  /** The relays at which this node is found now. */
  relays(): readonly RelayId[];
  /** Lets in, and tries to reach, exactly these from now on; all others are cut off. At most MAX_DIRECT_PEERS: the first of them. */
  allow(peers: readonly DirectPeer[]): void;
  /** Those to whom a link stands. */
  linked(): readonly DirectId[];
  /** False when no link stands, or too much waits for it already: the blob is not sent. */
  send(peer: DirectId, topic: TopicId, blob: Uint8Array): boolean;
  /** The machine has slept, or is on another network: what waits for its next try is tried now. */
  hurry(): void;
  stop(): Promise<void>;
}

/** Browsers bound the WebRTC connections of a process, and each costs sockets and memory. */
export const MAX_DIRECT_PEERS = 16;
