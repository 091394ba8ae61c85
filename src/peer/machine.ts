/**
 * What the machine tells of itself. A tab is bound to its window (tab.ts), a peer of the simulation to its script.
 *
 *   online again ────────────┐
 *   shown, resumed ──────────┼──► awake: what stands has to show that it lives, what waits is tried at once
 *   a pulse that comes late ─┘
 */
import type { Cancel, Clock } from '../base/index.ts';

export interface MachineEvents {
  online(is: boolean): void;
  /** It may have slept, or been frozen: nothing that was known of others before is sure. */
  awake(): void;
}

export interface Machine {
  /** Calls back, at once with whether there is a network, and after each change. Returns the way to stop. */
  listen(events: MachineEvents): Cancel;
}

const PULSE_MS = 5_000;
const LATE_MS = 15_000;

/** Tells of sleep that nothing else tells of: timers that come far too late. */
export function pulse(clock: Clock, awake: () => void): Cancel {
  let cancel: Cancel = () => undefined;
  const next = (): void => {
    const due = clock.now() + PULSE_MS;
    cancel = clock.after(PULSE_MS, () => {
      next();
      if (clock.now() - due > LATE_MS) awake();
    });
  };
  next();
  return () => cancel();
}
