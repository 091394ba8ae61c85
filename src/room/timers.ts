import type { Cancel, Clock } from '../base/index.ts';

/** Timers by name: a second one of a name changes nothing while the first runs. */
export class Timers {
  readonly #clock: Clock;
  readonly #running = new Map<string, Cancel>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(name: string): boolean {
    return this.#running.has(name);
  }

  later(name: string, ms: number, action: () => void): void {
    if (this.#running.has(name) || this.#stopped) return;
    const cancel = this.#clock.after(ms, () => {
      this.#running.delete(name);
      action();
    });
    this.#running.set(name, cancel);
  }

  cancel(name: string): void {
    this.#running.get(name)?.();
    this.#running.delete(name);
  }

  /** Cancels all; nothing is begun any more. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }
}
