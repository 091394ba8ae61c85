/**
 * Which circuits a relay has, by link and id, and how many it may have. A circuit is in here once for each of its sides.
 *
 *   (link, id) ──► circuit        ids: top bit 0 from the side that dialled, 1 from the other (docs/protocol.md §3)
 */
import type { Random } from '../base/index.ts';
import type { CellLink } from '../link/index.ts';
import type { HopCircuit, Side } from './hop-circuit.ts';
import { freeCircuitId, givenByDialler } from './circuit-id.ts';
import type { HopLimits } from './hop-options.ts';

export class CircuitTable {
  readonly #limits: HopLimits;
  readonly #links = new Map<CellLink, Map<number, HopCircuit>>();
  readonly #circuits = new Set<HopCircuit>();

  constructor(limits: HopLimits) {
    this.#limits = limits;
  }

  get links(): number {
    return this.#links.size;
  }

  get size(): number {
    return this.#circuits.size;
  }

  /** A copy: circuits may be removed on the way through it. */
  all(): readonly HopCircuit[] {
    return [...this.#circuits];
  }

  open(link: CellLink): void {
    this.#links.set(link, new Map());
  }

  /** Forgets the link; returns the circuits that went through it. */
  close(link: CellLink): readonly HopCircuit[] {
    const circuits = [...this.#on(link).values()];
    this.#links.delete(link);
    return circuits;
  }

  find({ link, id }: Side): HopCircuit | undefined {
    return this.#on(link).get(id);
  }

  add({ link, id }: Side, circuit: HopCircuit): void {
    this.#circuits.add(circuit);
    this.#on(link).set(id, circuit);
  }

  remove(circuit: HopCircuit, sides: readonly Side[]): void {
    this.#circuits.delete(circuit);
    for (const { link, id } of sides) this.#on(link).delete(id);
  }

  /** The neighbour may give a circuit this id. */
  mayGive(link: CellLink, id: number): boolean {
    return this.#links.has(link) && id !== 0 && givenByDialler(id) !== link.initiator && !this.#on(link).has(id);
  }

  /** No further circuit may come over this link, besides those whose CREATE `waits` to be answered. */
  full(link: CellLink, waits: number): boolean {
    const circuits = this.#on(link);
    if (this.#circuits.size + waits >= this.#limits.circuits || circuits.size + waits >= this.#limits.circuitsPerLink) return true;
    return waits + count(circuits, ({ proven }) => !proven) >= this.#limits.halfBuiltPerLink;
  }

  /** Circuits of this link that have carried a cell. */
  inUse(link: CellLink): number {
    return count(this.#on(link), ({ proven }) => proven);
  }

  /** No further circuit may be extended over this link. */
  fullToExtend(link: CellLink): boolean {
    const circuits = this.#on(link);
    return (
      circuits.size >= this.#limits.circuitsPerLink ||
      count(circuits, ({ stage }) => stage.name === 'extending') >= this.#limits.halfBuiltPerLink
    );
  }

  freeId(link: CellLink, random: Random): number {
    return freeCircuitId(link, this.#on(link), random);
  }

  #on(link: CellLink): Map<number, HopCircuit> {
    return this.#links.get(link) ?? new Map<number, HopCircuit>();
  }
}

function count(circuits: ReadonlyMap<number, HopCircuit>, is: (circuit: HopCircuit) => boolean): number {
  let found = 0;
  for (const circuit of circuits.values()) if (is(circuit)) found++;
  return found;
}
