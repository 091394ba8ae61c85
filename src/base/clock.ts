/** The two things that a state machine may not take from its surroundings: time and chance. Both are handed in. */
import type { Bytes } from './bytes.ts';

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since 1970 by this machine. Network time is the directory's business. */
  now(): number;
  /** Runs `action` once, `ms` from now, unless cancelled. */
  after(ms: number, action: () => void): Cancel;
}

/** A timer of the system goes off at once when it is set for longer, and how long is sometimes others' to say. ms */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, action) {
    let timer: ReturnType<typeof setTimeout>;
    const wait = (left: number): void => {
      timer = left > LONGEST_MS ? setTimeout(() => wait(left - LONGEST_MS), LONGEST_MS) : setTimeout(action, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** A timer that comes so much later than it was set for tells of this machine and not of others, ms. */
const LATE_MS = 2_000;

/**
 * Like `clock.after`, for what waits for others. When the timer comes late (the machine slept, the tab was frozen) nobody has had the
 * time that was meant for them, so they get it once more; once, as the timers of a hidden tab are always late.
 */
export function patiently(clock: Clock, ms: number, action: () => void): Cancel {
  const due = clock.now() + ms;
  let cancel = clock.after(ms, () => {
    if (clock.now() - due > LATE_MS) cancel = clock.after(ms, action);
    else action();
  });
  return () => cancel();
}

export interface Random {
  /** Uniform random bytes; from the system's generator outside tests. */
  bytes(length: number): Bytes;
}

/** Bytes that the system's generator gives at once, at most (W3C Web Cryptography, §10.1). */
const DRAW = 65_536;

export const systemRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += DRAW) crypto.getRandomValues(bytes.subarray(at, at + DRAW));
    return bytes;
  },
};

/** A uniform number in [0, 1) with 53 bits. */
export function uniform(random: Random): number {
  const bytes = random.bytes(7);
  let value = (bytes[0] as number) & 0x1f;
  for (let i = 1; i < 7; i++) value = value * 256 + (bytes[i] as number);
  return value / 2 ** 53;
}

/** A uniform integer in [0, below). */
export function integer(random: Random, below: number): number {
  return Math.floor(uniform(random) * below);
}

/** An exponential delay with the given mean, capped at ten times it (docs/protocol.md §3). */
export function exponential(random: Random, mean: number): number {
  return Math.min(-Math.log(1 - uniform(random)) * mean, 10 * mean);
}

/** One element, uniformly; undefined of none. */
export const pick = <T>(random: Random, from: readonly T[]): T | undefined => from[integer(random, from.length)];
