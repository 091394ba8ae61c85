/**
 * The topics that a room follows, and how far it has read each (docs/protocol.md §7).
 *
 * A cursor becomes durable in the same step as what its blobs brought. A blob that cannot be opened yet (its rotation is still on
 * the way) is held; the cursor does not pass it, so that it comes again after a restart.
 */
import { concat, equal, readU32, readU64, u32, u64, type Bytes, type RelayId, type TopicId } from '../base/index.ts';
import { topics, type Address } from '../keyring/index.ts';
import type { Mailboxes, Stored, Subscription, Topic } from '../mailbox/index.ts';
import type { Records } from '../store/index.ts';

export interface Incoming {
  readonly address: Address;
  readonly topic: TopicId;
  /** Its place at the mailbox; undefined of what came over a direct link. */
  readonly at: Stored | undefined;
  readonly blob: Bytes;
}

interface Followed {
  readonly address: Address;
  readonly topics: readonly { readonly id: TopicId; readonly subscription: Subscription }[];
}

const PREFIX = 'c/';
/** Topics at one mailbox: as many as a circuit may follow there (docs/protocol.md §7). */
const MOST_TOPICS = 32;
/** Blobs held back until their epoch is known, in all. */
const HELD = 256;

const encodeCursor = (at: Stored): Bytes => concat(u32(at.instance), u64(at.cursor));
const decodeCursor = (bytes: Uint8Array): Stored => ({ instance: readU32(bytes, 0), cursor: readU64(bytes, 4) });

const addressKey = (address: Address): string =>
  topics(address)
    .map(({ id }) => id)
    .join();

interface FollowingOptions {
  readonly records: Records;
  readonly mailboxes: Mailboxes;
  readonly isolation: string;
  readonly arrived: (incoming: Incoming) => void;
  readonly caughtUp: (address: Address) => void;
}

export class Following {
  readonly #options: FollowingOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #caughtUp = new Set<TopicId>();
  #held: Incoming[] = [];

  constructor(options: FollowingOptions) {
    this.#options = options;
  }

  /** Follows exactly these addresses from now on, those that matter most first: where a mailbox has no place for more, the last are left out. */
  set(addresses: Iterable<Address>): void {
    const wanted = new Map(within(addresses).map((address) => [addressKey(address), address]));
    for (const [key, followed] of this.#followed) {
      if (wanted.has(key)) continue;
      for (const { subscription } of followed.topics) subscription.close();
      this.#followed.delete(key);
    }
    for (const [key, address] of wanted) if (!this.#followed.has(key)) this.#followed.set(key, this.#follow(address));
  }

  /** The address that is followed by this topic. */
  addressOf(topic: TopicId): Address | undefined {
    return [...this.#followed.values()].find(({ topics: followed }) => followed.some(({ id }) => id === topic))?.address;
  }

  /** What a topic is called; undefined of one that is not followed here. */
  nameOf({ mailbox, seed }: Topic): TopicId | undefined {
    for (const { address } of this.#followed.values()) {
      const named = topics(address).find(({ topic }) => topic.mailbox === mailbox && equal(topic.seed, seed));
      if (named !== undefined) return named.id;
    }
    return undefined;
  }

  /** True once all that both mailboxes of the address held has been handed over in this run. */
  isCaughtUp(address: Address): boolean {
    return topics(address).every(({ id }) => this.#caughtUp.has(id));
  }

  /** At least one of its mailboxes has handed over all that it held. */
  isReached(address: Address): boolean {
    return topics(address).some(({ id }) => this.#caughtUp.has(id));
  }

  /** Keeps a blob that cannot be opened yet. The oldest goes when there are too many. */
  hold(incoming: Incoming): void {
    this.#held.push(incoming);
    if (this.#held.length > HELD) this.#held.shift();
  }

  /** Hands back what was held, to be tried again. */
  release(): Incoming[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /** The cursors to make durable with what these blobs brought. */
  cursors(read: readonly Incoming[]): [string, Bytes][] {
    const newest = new Map<TopicId, Stored>();
    for (const { topic, at } of read) {
      if (at === undefined) continue;
      const stuck = this.#held.some((h) => h.topic === topic && h.at?.instance === at.instance && h.at.cursor <= at.cursor);
      if (!stuck) newest.set(topic, at);
    }
    return [...newest].map(([topic, at]) => [PREFIX + topic, encodeCursor(at)]);
  }

  stop(): void {
    this.set([]);
  }

  #follow(address: Address): Followed {
    const followed = topics(address).map(({ topic, id }) => {
      const kept = this.#options.records.get(PREFIX + id);
      const subscription = this.#options.mailboxes.follow(this.#options.isolation, topic, kept && decodeCursor(kept), {
        blob: (instance, cursor, blob) => this.#options.arrived({ address, topic: id, at: { instance, cursor }, blob }),
        caughtUp: () => {
          this.#caughtUp.add(id);
          this.#options.caughtUp(address);
        },
      });
      return { id, subscription };
    });
    return { address, topics: followed };
  }
}

/** As many of the addresses, from the first, as their mailboxes have places for. */
function within(addresses: Iterable<Address>): Address[] {
  const taken = new Map<RelayId, number>();
  const places = (mailbox: RelayId): number => taken.get(mailbox) ?? 0;
  return [...addresses].filter(({ mailboxes }) => {
    if (mailboxes.some((mailbox) => places(mailbox) >= MOST_TOPICS)) return false;
    for (const mailbox of mailboxes) taken.set(mailbox, places(mailbox) + 1);
    return true;
  });
}
