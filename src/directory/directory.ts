/**
 * All relays that are known now (docs/protocol.md §5). Descriptors prove themselves, so that several whole directories can be joined:
 * the union is used, the newest of each relay wins, and what the sources disagree about is kept to be shown.
 *
 *   signed ──► decode ──► in time? newer? room? ──► verify ──► kept until it expires
 */
import { equal, isRefusal, refuse, type Counters, type Refusal, type RelayId } from '../base/index.ts';
import type { Descriptor } from './descriptor-type.ts';
import { decodeDescriptor, fingerprint, inTime, verifyDescriptor } from './descriptor.ts';

export interface DirectoryOptions {
  /** Network time, UTC seconds. */
  readonly now: () => number;
  /** Anchors and relays set by hand: they have room even in a full directory. */
  readonly trusted: ReadonlySet<RelayId>;
  readonly counters: Counters;
  readonly most?: number;
}

/** `missing`: those sources do not list a relay that others do. `differs`: they give another descriptor of the same moment. */
export interface Disagreement {
  readonly relay: RelayId;
  readonly kind: 'missing' | 'differs';
  readonly sources: readonly string[];
}

/** One whole directory as it comes in. `add` is false once too much of it was bad to go on. */
export interface Merge {
  add(signed: Uint8Array): boolean;
  done(): void;
}

const MOST_RELAYS = 2048;
/** Forged descriptors of one directory: verifying costs milliseconds each. */
const MOST_BAD = 8;
const MOST_SOURCES = 8;
/** Seconds that a descriptor may take to reach everybody. */
const SPREADING = 900;

interface Listed {
  readonly print: string;
  readonly validFrom: number;
}

export class Directory {
  readonly #options: DirectoryOptions;
  readonly #relays = new Map<RelayId, Descriptor>();
  /** What each source's whole directory listed, when it was last fetched. */
  readonly #sources = new Map<string, { readonly at: number; readonly listed: ReadonlyMap<RelayId, Listed> }>();

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** Takes in one descriptor. The one that is held afterwards (the same again is no refusal), or why it is refused: `descriptor-…` or `directory-full`. */
  add(signed: Uint8Array): Descriptor | Refusal {
    const added = this.#add(signed);
    if (isRefusal(added)) this.#options.counters.count(added.refused);
    return added;
  }

  /** Begins to take in the whole directory of one source, named for the screen. Nothing is compared before `done`. */
  merge(source: string): Merge {
    const listed = new Map<RelayId, Listed>();
    let bad = 0;
    return {
      add: (signed) => {
        const read = decodeDescriptor(signed);
        const added = this.add(signed);
        if (isRefusal(added)) bad += isRefusal(read) || added.refused === 'descriptor-signature' ? 1 : 0;
        // An older one of a relay that is held is no news, but it was listed; not so one that proves nothing.
        if (!isRefusal(read) && !(isRefusal(added) && added.refused !== 'descriptor-old')) {
          listed.set(read.id, { print: fingerprint(signed), validFrom: read.validFrom });
        }
        return bad < MOST_BAD;
      },
      done: () => this.#heard(source, listed),
    };
  }

  #heard(source: string, listed: ReadonlyMap<RelayId, Listed>): void {
    this.#sources.delete(source);
    this.#sources.set(source, { at: this.#options.now(), listed });
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > MOST_SOURCES && oldest !== undefined) this.#sources.delete(oldest);
  }

  /** The descriptor of a relay, if it is valid now. */
  get(id: RelayId): Descriptor | undefined {
    const held = this.#relays.get(id);
    return held !== undefined && inTime(held, this.#options.now()) ? held : undefined;
  }

  /** All that are valid now, by id. */
  list(): Descriptor[] {
    const now = this.#options.now();
    return [...this.#relays.values()].filter((held) => inTime(held, now)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** What the sources' last directories disagree about. One source agrees with itself. */
  disagreements(): Disagreement[] {
    const found: Disagreement[] = [];
    for (const { id, validFrom } of this.list()) {
      const missing = [...this.#sources]
        .filter(([, { at, listed }]) => !listed.has(id) && at > validFrom + SPREADING)
        .map(([name]) => name);
      const differing = this.#differing(id);
      if (missing.length > 0 && missing.length < this.#sources.size) found.push({ relay: id, kind: 'missing', sources: missing });
      if (differing.length > 0) found.push({ relay: id, kind: 'differs', sources: differing });
    }
    return found;
  }

  /** Drops what has expired. */
  tidy(): void {
    const now = this.#options.now();
    for (const [id, held] of this.#relays) if (now >= held.validUntil) this.#relays.delete(id);
  }

  #add(signed: Uint8Array): Descriptor | Refusal {
    const read = decodeDescriptor(signed);
    if (isRefusal(read)) return read;
    const held = this.#relays.get(read.id);
    if (held !== undefined && equal(held.signed, signed)) return inTime(held, this.#options.now()) ? held : refuse('descriptor-time');
    // What is from the future, by the time as it is known now, was signed or taken in under a wrong clock: nothing is old beside it.
    const isAhead = held !== undefined && held.validFrom > read.validFrom && !inTime(held, this.#options.now());
    if (held !== undefined && !isAhead && read.validFrom <= held.validFrom) return refuse('descriptor-old');
    if (held === undefined && !this.#hasRoom(read.id)) return refuse('directory-full');
    const verified = verifyDescriptor(signed, this.#options.now());
    if (!isRefusal(verified)) this.#relays.set(verified.id, verified);
    return verified;
  }

  #hasRoom(id: RelayId): boolean {
    const most = this.#options.most ?? MOST_RELAYS;
    if (this.#relays.size >= most) this.tidy();
    return this.#relays.size < most || this.#options.trusted.has(id);
  }

  /** The sources whose descriptor of a relay is of one moment with another source's, and yet another. */
  #differing(id: RelayId): string[] {
    const said = [...this.#sources].flatMap(([name, { listed }]) => {
      const one = listed.get(id);
      return one === undefined ? [] : [{ name, ...one }];
    });
    return said
      .filter((one) => said.some((other) => other.validFrom === one.validFrom && other.print !== one.print))
      .map(({ name }) => name);
  }
}
