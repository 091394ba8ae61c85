/**
 * Hybrid logical clock (docs/protocol.md §8.3): what was written after seeing something has the greater time.
 *
 *   u64 = milliseconds since 1970 in 48 bits | counter in 16
 */

/** How far ahead of the time given another's clock may pull one's own. */
const LEAD = 5 * 60_000;

export const hlcAt = (ms: number, counter = 0): bigint => (BigInt(Math.floor(ms)) << 16n) | BigInt(counter);

/** Milliseconds since 1970. */
export const millisecondsOf = (hlc: bigint): number => Number(hlc >> 16n);

export const dayOf = (hlc: bigint): number => Math.floor(millisecondsOf(hlc) / 86_400_000);

/**
 * The time of the next thing that is written: after `last` always; after everything `seen` that is not more than five minutes ahead
 * of `now` (milliseconds since 1970), so that nobody's wrong clock carries everybody away.
 */
export function nextHlc(now: number, last: bigint, seen: bigint): bigint {
  const limit = hlcAt(now + LEAD, 0xffff);
  const floor = seen < limit ? seen : limit;
  return [hlcAt(now), floor + 1n, last + 1n].reduce((a, b) => (a > b ? a : b));
}
