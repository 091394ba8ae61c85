/**
 * How relays come to know each other (docs/protocol.md §5): each keeps a link to every anchor, over which descriptors are gossiped.
 *
 *   dial ──► link ──► DESCRIBE ──► DESCRIPTOR into the directory ──► gossip … closed ──► wait 0.5 s … 60 s ──► dial
 */
import { isRefusal, uniform, type Bytes, type Cancel, type Clock, type Random } from '../base/index.ts';
import type { Anchor, Directory } from '../directory/index.ts';
import { ControlType, type CellLink, type LinkHandler, type LinkNode } from '../link/index.ts';
import type { Tap } from './tap.ts';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;
/** The relay with the higher id waits so long for the other to dial, so that there is one link and not two. */
const COURTESY_MS = 2_000;

export interface NeighboursOptions {
  readonly self: string;
  readonly anchors: readonly Anchor[];
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: (line: string) => void;
  /** An anchor has come near. */
  readonly met: (anchor: Anchor) => void;
}

export class Neighbours {
  readonly #options: NeighboursOptions;
  readonly #anchors = new Map<CellLink, Anchor>();
  readonly #timers = new Map<string, Cancel>();
  #node: LinkNode | undefined;

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /** A handler that keeps what concerns neighbours, and hands the rest on. The tap is shown every control message. */
  around(handler: LinkHandler, tap?: Tap): LinkHandler {
    return {
      opened: (link) => handler.opened(link),
      cell: (link, circuit, counter, cell) => handler.cell(link, circuit, counter, cell),
      control: (link, type, circuit, payload) => {
        const anchor = this.#anchors.get(link);
        tap?.write('control', { link: tap.numberOf(link), type, circuit, payload });
        if (type === ControlType.DESCRIPTOR && anchor !== undefined) this.#described(anchor, payload);
        else handler.control(link, type, circuit, payload);
      },
      closed: (link, why) => {
        const anchor = this.#anchors.get(link);
        this.#anchors.delete(link);
        if (anchor !== undefined) this.#lost(anchor, why);
        handler.closed(link, why);
      },
    };
  }

  start(node: LinkNode): void {
    this.#node = node;
    for (const anchor of this.#options.anchors) {
      if (anchor.id !== this.#options.self) this.#later(anchor, this.#options.self < anchor.id ? 0 : COURTESY_MS, FIRST_WAIT_MS);
    }
  }

  /** The anchors to which a link stands. */
  near(): Anchor[] {
    return [...this.#anchors].filter(([link]) => !link.closed).map(([, anchor]) => anchor);
  }

  stop(): void {
    this.#node = undefined;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #later(anchor: Anchor, wait: number, next: number): void {
    if (this.#node === undefined) return;
    this.#timers.get(anchor.id)?.();
    this.#timers.set(
      anchor.id,
      this.#options.clock.after(wait, () => this.#dial(anchor, next)),
    );
  }

  #dial(anchor: Anchor, wait: number): void {
    const again = (): void => this.#later(anchor, wait * (0.5 + uniform(this.#options.random)), Math.min(2 * wait, LONGEST_WAIT_MS));
    this.#node?.dial(anchor.addresses).then((link) => {
      if (link.closed) again();
      else {
        this.#anchors.set(link, anchor);
        link.sendControl(ControlType.DESCRIBE, 0, new Uint8Array(0));
        this.#options.log(`linked to anchor ${anchor.id.slice(0, 8)}`);
        this.#options.met(anchor);
      }
    }, again);
  }

  #lost(anchor: Anchor, why: string): void {
    this.#options.log(`link to anchor ${anchor.id.slice(0, 8)} closed: ${why}`);
    this.#later(anchor, FIRST_WAIT_MS * (0.5 + uniform(this.#options.random)), 2 * FIRST_WAIT_MS);
  }

  #described(anchor: Anchor, payload: Bytes): void {
    const added = this.#options.directory.add(payload);
    if (isRefusal(added) ? added.refused !== 'descriptor-old' : added.id !== anchor.id) {
      this.#options.log(
        `anchor ${anchor.id.slice(0, 8)} does not describe itself: ${isRefusal(added) ? added.refused : 'it is another relay'}`,
      );
    }
  }
}
