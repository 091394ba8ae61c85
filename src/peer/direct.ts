/** Direct links as a room asks for them, from what the network knows; and how they stand, in words (docs/protocol.md §6.1). */
import { compare, concat, idBytes, type RelayId, type RoomId } from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';
import type { DirectHandler, DirectNode } from '../link/index.ts';
import { blobSizes } from '../mailbox/index.ts';
import type { DirectDoor, DirectState } from '../room/index.ts';
import type { DirectView } from './view.ts';

/** What the network is asked for. */
export interface DirectGround {
  /** Every relay that may introduce people to each other. */
  relays(): readonly RelayId[];
  addressesOf(relay: RelayId): readonly string[];
  trusts(address: string): boolean;
}

/** What a platform needs in order to open a node for direct links. */
export interface DirectTerms {
  readonly handler: DirectHandler;
  readonly sizes: readonly number[];
  /** Relays at which to be found, the best first. */
  readonly signallers: () => readonly RelayId[];
  readonly addressesOf: (relay: RelayId) => readonly string[];
  readonly trusted: (address: string) => boolean;
}

export type OpenDirect = (terms: DirectTerms) => Promise<DirectNode>;

export const directDoor = (open: OpenDirect, ground: DirectGround): DirectDoor => ({
  open: (handler, { room, avoid }) =>
    open({
      handler,
      sizes: blobSizes,
      signallers: () => ranked(ground.relays(), room, avoid),
      addressesOf: (relay) => ground.addressesOf(relay),
      trusted: (address) => ground.trusts(address),
    }),
});

/**
 * By a rank that the members of a room have in common and nobody else can work out: so they are found at the same relays, and few of
 * them learn who talks with whom. The room's mailboxes come last, or one relay could match addresses with topics.
 */
export function ranked(relays: readonly RelayId[], room: RoomId, avoid: readonly RelayId[]): readonly RelayId[] {
  const place = new Map(relays.map((relay) => [relay, sha256(concat(idBytes(room), idBytes(relay)))]));
  const byRank = [...place].toSorted(([, a], [, b]) => compare(a, b)).map(([relay]) => relay);
  return [...byRank.filter((relay) => !avoid.includes(relay)), ...byRank.filter((relay) => avoid.includes(relay))];
}

const count = (n: number): string => (n === 1 ? '1 person' : `${n} people`);

/** What the status Connection says of a room with direct links chosen; `otherwise`: what it says of the network. */
function words({ agreed, linked, stuck }: DirectState, otherwise: string): string {
  if (linked.length > 0) return `Direct · ${count(linked.length)}`;
  if (agreed.length === 0) return `Waiting for the others to agree · ${otherwise}`;
  return `${stuck ? 'Direct is not possible just now' : 'Looking for a direct way'} · ${otherwise}`;
}

export function directView(state: DirectState, otherwise: string, nameOf: (persona: DirectState['agreed'][number]) => string): DirectView {
  const { possible, chosen, agreed, linked } = state;
  return {
    possible,
    chosen,
    agreed: agreed.map(nameOf),
    linked: linked.map(nameOf),
    ...(chosen && { words: words(state, otherwise) }),
  };
}
