/**
 * The shortest list that still fails, by delta debugging (Zeller and Hildebrandt 2002, ddmin): leave out half, a quarter, … one by one,
 * keep what still fails, until nothing more can be left out or the tries are spent.
 */
export interface Shrunk<T> {
  readonly events: readonly T[];
  /** How often `fails` was asked. */
  readonly spent: number;
}

/** `all` fails. What comes back fails too, and is `all` or a part of it in the same order. */
export async function shortest<T>(all: readonly T[], fails: (some: readonly T[]) => Promise<boolean>, tries: number): Promise<Shrunk<T>> {
  let events = all;
  let size = Math.ceil(events.length / 2);
  let spent = 0;
  while (size > 0 && events.length > 0) {
    let found = false;
    for (let from = 0; from < events.length; from += size) {
      if (spent >= tries) return { events, spent };
      const rest = [...events.slice(0, from), ...events.slice(from + size)];
      spent++;
      if (!(await fails(rest))) continue;
      events = rest;
      found = true;
      break;
    }
    if (found) size = Math.min(size, Math.ceil(events.length / 2));
    else if (size === 1) break;
    else size = Math.ceil(size / 2);
  }
  return { events, spent };
}
