/**
 * `--tap FILE`: everything that this relay can see, as JSON lines, for auditors and for the tests of P1 and P2. What the file does not
 * hold, the relay does not know.
 *
 *   {"t": ms, "event": "opened" | "cell" | "closed", "link": n, "remote": "host:port", …}     links, and every cell as hex, control too
 *   {"t": ms, "event": "create" | "extend" | "message" | "say" | "destroy", …}               circuits, and what the last hop opens and says
 *   {"t": ms, "event": "found" | "introduced", …}                                            direct links: by which keys, from where
 *   {"t": ms, "event": "control" | "gossip" | "log", …}
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { toHex, type Cancel, type Clock } from '../base/index.ts';
import type { CellLink, LinkWitness } from '../link/index.ts';
import type { Tap as OnionTap, TapEvent } from '../onion/index.ts';

export type Seen = Readonly<Record<string, string | number | boolean | Uint8Array | undefined>>;

const FLUSH_MS = 200;
const FLUSH_BYTES = 1 << 22;

export class Tap implements LinkWitness, OnionTap {
  readonly #clock: Clock;
  readonly #file: number;
  readonly #links = new WeakMap<CellLink, number>();
  #count = 0;
  #lines: string[] = [];
  #length = 0;
  #flush: Cancel | undefined;
  #ended = false;

  /** Appends to the file. Throws when it cannot be opened. */
  constructor(file: string, clock: Clock) {
    this.#clock = clock;
    this.#file = openSync(file, 'a', 0o600);
  }

  opened(link: CellLink): void {
    this.#links.set(link, ++this.#count);
    this.write('opened', { link: this.#count, remote: link.remote, initiator: link.initiator });
  }

  cell(link: CellLink, direction: 'in' | 'out', cell: Uint8Array): void {
    this.write('cell', { link: this.#links.get(link), direction, cell });
  }

  closed(link: CellLink, why: string): void {
    this.write('closed', { link: this.#links.get(link), remote: link.remote, why });
  }

  found(peer: string, remote: string): void {
    this.write('found', { peer, remote });
  }

  introduced(from: string, fromRemote: string, to: string, toRemote: string): void {
    this.write('introduced', { from, fromRemote, to, toRemote });
  }

  /** What the hop tells (src/onion). */
  event(name: TapEvent, fields: Readonly<Record<string, string | number | Uint8Array>>): void {
    this.write(name, fields);
  }

  /** The number under which a link's cells are written. */
  numberOf(link: CellLink): number | undefined {
    return this.#links.get(link);
  }

  write(event: string, fields: Seen): void {
    if (this.#ended) return;
    const shown = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, value instanceof Uint8Array ? toHex(value) : value]),
    );
    const line = `${JSON.stringify({ t: this.#clock.now(), event, ...shown })}\n`;
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= FLUSH_BYTES) this.flush();
    else this.#flush ??= this.#clock.after(FLUSH_MS, () => this.flush());
  }

  /** Writes out what is buffered, before it returns. */
  flush(): void {
    this.#flush?.();
    this.#flush = undefined;
    if (this.#lines.length === 0 || this.#ended) return;
    const bytes = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#length = 0;
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
  }

  end(): void {
    this.flush();
    if (!this.#ended) closeSync(this.#file);
    this.#ended = true;
  }
}
