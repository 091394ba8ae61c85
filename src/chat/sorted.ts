/** A list that is kept in order while it is added to, mostly at its end. */

/** Additions up to which each is put in its place; more at once are sorted in. */
const FEW = 32;

export class Sorted<T> {
  readonly #before: (a: T, b: T) => number;
  readonly #items: T[] = [];
  #added: T[] = [];
  #snapshot: readonly T[] | undefined;

  /** `order`: negative when `a` comes first; never zero for two that are not the same. */
  constructor(order: (a: T, b: T) => number) {
    this.#before = order;
  }

  add(item: T): void {
    this.#added.push(item);
    this.#snapshot = undefined;
  }

  /** The same array until something is added. */
  all(): readonly T[] {
    if (this.#snapshot === undefined) {
      this.#settle();
      this.#snapshot = this.#items.slice();
    }
    return this.#snapshot;
  }

  #settle(): void {
    if (this.#added.length <= FEW) for (const item of this.#added) this.#items.splice(this.#placeOf(item), 0, item);
    else {
      for (const item of this.#added) this.#items.push(item);
      this.#items.sort(this.#before);
    }
    this.#added = [];
  }

  #placeOf(item: T): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#items[middle];
      if (other !== undefined && this.#before(other, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
