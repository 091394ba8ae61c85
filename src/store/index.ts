export { claimActiveTab, type ActiveTab, type ActiveTabOptions, type Channel, type Locks } from './active-tab.ts';
export { indexedDbStore, type IndexedDbOptions, type Marks } from './indexeddb.ts';
export { memoryStore, type MemoryFaults, type MemoryStore } from './memory.ts';
export { StoreError, VaultLost, type Batch, type Records, type Sealer, type Store, type StoreTrouble } from './store.ts';
