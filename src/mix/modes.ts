import type { DelayClass } from '../onion/index.ts';

/** What a mode fixes (docs/protocol.md §6). */
export interface Mode {
  readonly name: 'balanced';
  readonly hops: number;
  readonly delayClass: DelayClass;
}

export const BALANCED: Mode = { name: 'balanced', hops: 3, delayClass: 1 };
