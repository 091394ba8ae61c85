/** A digest of all that any node sees of its links, and when: hundreds of thousands of cells in a run, so it is gathered before it is hashed. */
import { createHash } from 'node:crypto';

const ROOM = 65_536;
/** Of a cell: its header, and where noise begins. bytes */
const SEEN = 40;
/** time f64 | node u32 | remote u32 | direction u8 | cell 40 */
const ENTRY = 17 + SEEN;

export class Trace {
  readonly #hash = createHash('sha256');
  readonly #gathered = Buffer.alloc(ROOM);
  readonly #numbers = new Map<string, number>();
  #length = 0;

  cell(at: number, node: string, remote: string, direction: 'in' | 'out', cell: Uint8Array): void {
    const [from, to] = [this.#number(node), this.#number(remote)];
    if (this.#length + ENTRY > ROOM) this.#flush();
    const start = this.#length;
    this.#gathered.writeDoubleBE(at, start);
    this.#gathered.writeUInt32BE(from, start + 8);
    this.#gathered.writeUInt32BE(to, start + 12);
    this.#gathered[start + 16] = direction === 'in' ? 0 : 1;
    this.#gathered.set(cell.subarray(0, SEEN), start + 17);
    this.#length = start + ENTRY;
  }

  note(at: number, what: string): void {
    this.#flush();
    this.#hash.update(`${at} ${what}\n`);
  }

  digest(): string {
    this.#flush();
    return this.#hash.copy().digest('hex');
  }

  /** A name is noted when it is first met, and is a number from then on. */
  #number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const made = this.#numbers.size;
    this.#numbers.set(name, made);
    this.note(made, name);
    return made;
  }

  #flush(): void {
    this.#hash.update(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }
}
