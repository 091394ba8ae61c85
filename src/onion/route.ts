/**
 * The client's arithmetic of counters (docs/protocol.md §4.1). Each link of a circuit counts from 0: a hop passes cells on with
 * c − f0 and c + b0. So a counter at the guard's link tells which hop a cell belongs to, and under which tweak each hop saw it.
 *
 *   forward   client ── c ──► hop 1 ── c − f0₁ ──► hop 2 ── c − f0₁ − f0₂ ──► hop 3
 *   backward  client ◄── c ── hop 1 ◄── c − b0₁ ── hop 2 ◄── c − b0₁ − b0₂ ── hop 3
 */

/** What an extended hop fixed: its own cells have counters below these. */
export interface Handover {
  readonly f0: number;
  readonly b0: number;
}

export interface Placed {
  /** Which hop speaks or is spoken to, from 0. */
  readonly hop: number;
  /** The counter on the link between client and guard. */
  readonly counter: number;
  /** The counter on each hop's link towards the client, from the first hop to `hop`. */
  readonly tweaks: readonly number[];
}

/** Where a cell of conversation `hop` with its counter `own` goes: `handovers` has one entry for each extended hop. */
export function placeForward(handovers: readonly Handover[], hop: number, own: number): Placed {
  const tweaks = [own];
  for (let i = hop - 1; i >= 0; i--) tweaks.unshift((tweaks[0] ?? 0) + (handovers[i]?.f0 ?? 0));
  return { hop, counter: tweaks[0] ?? own, tweaks };
}

/** Which hop said a cell that came from the guard with this counter. */
export function placeBackward(handovers: readonly Handover[], counter: number): Placed {
  const tweaks = [counter];
  let own = counter;
  for (const { b0 } of handovers) {
    if (own < b0) break;
    own -= b0;
    tweaks.push(own);
  }
  return { hop: tweaks.length - 1, counter, tweaks };
}
