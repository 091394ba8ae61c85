/** A store in memory, for tests and the simulation: it keeps data between opens, can be made to fail, and can crash. */
import type { Changes } from './records.ts';
import { Shelf } from './shelf.ts';
import { StoreError, type Store, type StoreTrouble } from './store.ts';

export interface MemoryFaults {
  /** Asked before each open, write and removal: the trouble that it meets, or undefined for none. */
  meets?(what: 'open' | 'write' | 'remove', name: string): StoreTrouble | undefined;
  /** Awaited before a write becomes durable: a test can hold it there. */
  hold?(name: string): Promise<void>;
}

export interface MemoryStore extends Store {
  /** As when the power goes: what was not durable is gone, and all that was open is dead. What was durable can be opened again. */
  crash(): void;
}

export function memoryStore(faults: MemoryFaults = {}): MemoryStore {
  const disk = new Map<string, Map<string, Uint8Array>>();
  let life = 0;
  const meet = (what: 'open' | 'write' | 'remove', name: string): void => {
    const trouble = faults.meets?.(what, name);
    if (trouble !== undefined) throw new StoreError(trouble, `${what}: ${trouble}`);
  };

  const medium = (name: string, kept: Map<string, Uint8Array>) => {
    const born = life;
    const alive = (): void => {
      if (born !== life) throw new StoreError('closed', 'this store crashed: open it again');
    };
    return {
      async write(changes: Changes): Promise<void> {
        alive();
        await faults.hold?.(name);
        alive();
        meet('write', name);
        for (const [key, value] of changes) {
          if (value === undefined) kept.delete(key);
          else kept.set(key, value);
        }
      },
      close: () => Promise.resolve(),
    };
  };

  const shelf = (): Shelf =>
    new Shelf({
      async open(name) {
        meet('open', name);
        const kept = disk.get(name) ?? new Map<string, Uint8Array>();
        disk.set(name, kept);
        return { medium: medium(name, kept), values: new Map(kept) };
      },
      async remove(name) {
        meet('remove', name);
        disk.delete(name);
      },
      close: () => Promise.resolve(),
    });

  let current = shelf();
  const listeners = new Set<(trouble: StoreTrouble | 'well') => void>();
  const tellAll = (trouble: StoreTrouble | 'well'): void => listeners.forEach((listener) => listener(trouble));
  current.onTrouble(tellAll);
  return {
    open: (name) => current.open(name),
    remove: (name) => current.remove(name),
    close: () => current.close(),
    onTrouble(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    crash() {
      life++;
      current = shelf();
      current.onTrouble(tellAll);
    },
  };
}
