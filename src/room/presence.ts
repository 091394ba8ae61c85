/** Where a device is found for direct links, as receipts and records carry it (docs/protocol.md §6.1). */
import { fromHex, idBytes, refuse, relayId, toHex, type Refusal, type RelayId } from '../base/index.ts';
import type { DirectId } from '../link/index.ts';
import { create, DirectPresenceSchema, type DirectPresence } from '../wire/index.ts';

/** A presence counts for so long, ms, and is told again before. */
export const PRESENCE_LIFE = 3_600_000;
const MAX_RELAYS = 4;

export interface Presence {
  /** Undefined: the user no longer agrees. */
  readonly id: DirectId | undefined;
  readonly relays: readonly RelayId[];
  /** Network time, ms. */
  readonly at: number;
}

export const wirePresence = ({ id, relays, at }: Presence): DirectPresence =>
  create(DirectPresenceSchema, {
    key: id === undefined ? new Uint8Array(0) : fromHex(id),
    relays: relays.slice(0, MAX_RELAYS).map(idBytes),
    at: BigInt(at),
  });

/** Refused: `presence`. */
export function readPresence({ key, relays, at }: DirectPresence): Presence | Refusal {
  const sized = relays.length <= MAX_RELAYS && relays.every((relay) => relay.length === 32);
  if (!sized || (key.length !== 0 && key.length !== 32) || at > BigInt(Number.MAX_SAFE_INTEGER)) return refuse('presence');
  if (key.length === 0 && relays.length > 0) return refuse('presence', 'found somewhere, and not there');
  return { id: key.length === 0 ? undefined : (toHex(key) as DirectId), relays: relays.map(relayId), at: Number(at) };
}

/** The later of two; they may come in any order. */
export const newest = (a: Presence | undefined, b: Presence | undefined): Presence | undefined =>
  a === undefined || (b !== undefined && b.at > a.at) ? b : a;

/** It says where somebody is found, and is neither too old nor from a time to come. */
export const counts = (presence: Presence | undefined, now: number): presence is Presence & { readonly id: DirectId } =>
  presence?.id !== undefined && Math.abs(now - presence.at) < PRESENCE_LIFE;
