import { describe, expect, it } from 'vitest';
import { roomId } from '../base/index.ts';
import { memoryStore, VaultLost, type Store } from '../store/index.ts';
import { Device } from './device.ts';

const room = roomId(new Uint8Array(32).fill(7));

/** A store whose vaults are gone, though something remembers them, until they are removed. */
function lostStore(): Store & { readonly removed: string[] } {
  const store = memoryStore();
  const removed: string[] = [];
  return {
    removed,
    open: (name) => (removed.includes(name) ? store.open(name) : Promise.reject(new VaultLost('gone'))),
    remove: async (name) => {
      await store.remove(name);
      removed.push(name);
    },
    onTrouble: (listener) => store.onTrouble(listener),
    close: () => store.close(),
  };
}

describe('what a device keeps', () => {
  it('is there again: its name, its rooms, what the network kept', async () => {
    const store = memoryStore();
    const device = await Device.open(store);
    await device.rename('Quiet Heron');
    await device.addRoom(room, 'aabbccdd');
    await device.keep('guards', Uint8Array.of(1, 2, 3));
    await store.close();
    const again = await Device.open(store);
    expect(again.name).toBe('Quiet Heron');
    expect(again.rooms()).toEqual([{ room, store: 'aabbccdd' }]);
    expect(again.kept('guards')).toEqual(Uint8Array.of(1, 2, 3));
    expect(again.lost).toBe(false);
    await again.dropRoom(room);
    expect(again.rooms()).toEqual([]);
  });

  it('begins anew, and says so, when the browser has lost it', async () => {
    const store = lostStore();
    const device = await Device.open(store);
    expect(device.lost).toBe(true);
    expect(device.rooms()).toEqual([]);
    await device.rename('Slow Cedar');
    expect(store.removed).toHaveLength(1);
  });

  it('names the records of rooms by chance alone', () => {
    const names = [1, 2].map((n) => Device.storeName({ bytes: (length) => new Uint8Array(length).fill(n) }));
    expect(names).toEqual(['01'.repeat(16), '02'.repeat(16)]);
  });
});
