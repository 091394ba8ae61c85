/** Circuit ids on a link: random, and with the top bit telling who gave them (docs/protocol.md §3). */
import { readU32, type Random } from '../base/index.ts';
import type { CellLink } from '../link/index.ts';

const TOP_BIT = 0x8000_0000;

/** Ids of the side that dialled have the top bit 0. */
export const givenByDialler = (id: number): boolean => id < TOP_BIT;

/** An id of one's own that is not in use on the link. */
export function freeCircuitId(link: Pick<CellLink, 'initiator'>, used: ReadonlyMap<number, unknown>, random: Random): number {
  for (;;) {
    const id = (readU32(random.bytes(4), 0) & ~TOP_BIT) + (link.initiator ? 0 : TOP_BIT);
    if (id !== 0 && !used.has(id)) return id;
  }
}
