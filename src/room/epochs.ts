/**
 * Which epoch to write under, and whether a new one is due (docs/protocol.md §8.2). Pure.
 *
 *   removed device inside?  never written under
 *   deepest by parents, then the lowest hash
 *   covers every member device, and the only head?  otherwise a rotation is due, by the member of the lowest rank first
 */
import { compare, concat, idBytes, type DeviceId, type Hash } from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';

export interface EpochInfo {
  readonly id: Hash;
  readonly parents: readonly Hash[];
  readonly devices: readonly DeviceId[];
}

export interface EpochChoice {
  /** Undefined when every known epoch holds a removed device: nothing may be sent before a rotation. */
  readonly writeUnder: Hash | undefined;
  /** The epochs that no other one follows: the parents of a rotation. */
  readonly heads: readonly Hash[];
  readonly rotationDue: boolean;
}

function depths(epochs: readonly EpochInfo[]): Map<Hash, number> {
  const byId = new Map(epochs.map((epoch) => [epoch.id, epoch]));
  const depth = new Map<Hash, number>();
  const visit = (id: Hash): number => {
    const known = depth.get(id);
    if (known !== undefined) return known;
    depth.set(id, 0);
    const parents = (byId.get(id)?.parents ?? []).filter((parent) => byId.has(parent));
    const found = parents.length === 0 ? 0 : 1 + Math.max(...parents.map(visit));
    depth.set(id, found);
    return found;
  };
  for (const epoch of epochs) visit(epoch.id);
  return depth;
}

export function chooseEpoch(epochs: readonly EpochInfo[], members: ReadonlySet<DeviceId>): EpochChoice {
  const depth = depths(epochs);
  const deepest = epochs
    .filter((epoch) => epoch.devices.every((device) => members.has(device)))
    .toSorted((a, b) => (depth.get(b.id) ?? 0) - (depth.get(a.id) ?? 0) || (a.id < b.id ? -1 : 1))[0];
  const followed = new Set(epochs.flatMap((epoch) => epoch.parents));
  const heads = epochs.filter((epoch) => !followed.has(epoch.id)).map((epoch) => epoch.id);
  return {
    writeUnder: deepest?.id,
    heads,
    // Whoever made the deepest may have known one head alone, and then those who read only another do not have it.
    rotationDue: deepest === undefined || deepest.devices.length !== members.size || heads.length > 1,
  };
}

/** A device's place in the queue of those who could do the same thing: 0 acts first. Depends on what is to be done, so it cannot be chosen. */
export function rank(device: DeviceId, among: Iterable<DeviceId>, occasion: Uint8Array): number {
  const place = (d: DeviceId): Uint8Array => sha256(concat(idBytes(d), occasion));
  const own = place(device);
  let before = 0;
  for (const other of among) if (other !== device && compare(place(other), own) < 0) before++;
  return before;
}
