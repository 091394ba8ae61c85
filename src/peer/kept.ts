/** What a peer keeps of the network over restarts: its guards, and the directory as it was last seen. */
import { utf8, type Bytes } from '../base/index.ts';
import type { GuardState } from '../directory/index.ts';

export const encodeGuards = (state: readonly GuardState[]): Bytes => utf8(JSON.stringify(state));

/** What was kept is this device's own; damaged, it is as if there were none. */
export function readGuards(kept: Uint8Array | undefined): readonly GuardState[] {
  if (kept === undefined) return [];
  try {
    const state: unknown = JSON.parse(new TextDecoder().decode(kept));
    return Array.isArray(state) && state.every(isGuardState) ? state : [];
  } catch {
    return [];
  }
}

function isGuardState(value: unknown): value is GuardState {
  if (typeof value !== 'object' || value === null) return false;
  const { id, addresses, until, listed } = value as Partial<GuardState>;
  return typeof id === 'string' && Array.isArray(addresses) && typeof until === 'number' && typeof listed === 'number';
}

/** Each descriptor after its length, u16: the same layout as a page of DIRECTORY, without a bound. */
export function joinDirectory(descriptors: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(descriptors.reduce((sum, d) => sum + 2 + d.length, 0));
  let at = 0;
  for (const descriptor of descriptors) {
    joined.set([descriptor.length >> 8, descriptor.length & 0xff], at);
    joined.set(descriptor, at + 2);
    at += 2 + descriptor.length;
  }
  return joined;
}

export function splitDirectory(joined: Uint8Array): Bytes[] {
  const descriptors: Bytes[] = [];
  for (let at = 0; at + 2 <= joined.length;) {
    const length = ((joined[at] as number) << 8) | (joined[at + 1] as number);
    descriptors.push(new Uint8Array(joined.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  return descriptors;
}
