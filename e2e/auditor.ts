/**
 * An auditor of the relays' taps (src/relay/tap.ts): who was next to whom on which circuit, and whether a word stands anywhere.
 *
 *   tab ── link ── guard ── link ── middle ── link ── mailbox
 *                    │ EXTEND(relay, CREATE) = │ CREATE          a circuit's next piece: the same CREATE on a link between the two
 */
import type { NetworkEntry, Sotto } from './fixtures.ts';

export interface Line {
  readonly t: number;
  readonly event: string;
  readonly link?: number | string;
  readonly remote?: string;
  readonly initiator?: boolean;
  readonly direction?: 'in' | 'out';
  readonly cell?: string;
  readonly type?: number;
  readonly circuit?: number;
  readonly payload?: string;
  readonly key?: number;
  readonly relay?: string;
  readonly kind?: number;
  readonly body?: string;
  readonly peer?: string;
  readonly from?: string;
  readonly fromRemote?: string;
  readonly to?: string;
  readonly toRemote?: string;
}

/** Control of a link that asks for a circuit. */
export const CREATE = 1;
export const Kind = { EXTEND: 2, POST: 16, SUBSCRIBE: 19, BLOB: 20, DIRECTORY: 33 } as const;
/** Lengths as hex of what stands before a blob (docs/protocol.md §7). */
const ID = 64;
const SIGNATURE = 128;
const PLACE = 2 * (4 + 8 + 8);

export interface TapeOf {
  readonly name: string;
  readonly id: string;
  readonly raw: readonly string[];
  readonly lines: readonly Line[];
}

/** All that the relays of a running network wrote so far. */
export function tapes(sotto: Sotto, network: readonly NetworkEntry[] = sotto.network()): TapeOf[] {
  const taps = sotto.taps();
  return network.map(({ name, id }) => {
    const raw = taps.get(name) ?? [];
    return { name, id, raw, lines: raw.map((line) => JSON.parse(line) as Line) };
  });
}

/** One relay's part in a circuit. */
export interface Piece {
  readonly at: TapeOf;
  /** The circuit's number in that relay's tap. */
  readonly key: number;
  /** host:port of whoever is next to it on the tab's side, as this relay sees it. */
  readonly near: string;
  /** That neighbour, when it is a relay. */
  readonly nearRelay: string | undefined;
  /** The relay to which it was extended. */
  readonly far: string | undefined;
}

export class Audit {
  readonly tapes: readonly TapeOf[];
  /** `relay name/link` of the dialled end of each link → its other end, where that is a relay. */
  readonly #ends = new Map<string, TapeOf>();
  /** CREATE as hex → where it came in. */
  readonly #created = new Map<string, { readonly tape: TapeOf; readonly index: number }>();

  constructor(taken: readonly TapeOf[]) {
    this.tapes = taken;
    this.#pairLinks();
    for (const tape of taken) {
      tape.lines.forEach((line, index) => {
        if (line.event === 'control' && line.type === CREATE) this.#created.set(line.payload ?? '', { tape, index });
      });
    }
  }

  /** Cells that left one relay and came in at another, as the same 1024 bytes: these tell which links are the two ends of one. */
  passedOn = 0;

  #pairLinks(): void {
    const left = new Map<string, TapeOf>();
    for (const tape of this.tapes) {
      for (const line of tape.lines) {
        if (line.direction === 'out' && isUnique(line)) left.set(line.cell ?? '', tape);
      }
    }
    for (const tape of this.tapes) {
      for (const line of tape.lines) {
        const from = line.direction === 'in' && isUnique(line) ? left.get(line.cell ?? '') : undefined;
        if (from === undefined || from === tape) continue;
        this.passedOn++;
        this.#ends.set(`${tape.name}/${line.link}`, from);
      }
    }
  }

  /** Every circuit that a tab began, relay by relay, the guard first. Circuits that relays make for themselves end at their first hop. */
  circuits(): Piece[][] {
    const circuits: Piece[][] = [];
    for (const tape of this.tapes) {
      tape.lines.forEach((line, index) => {
        if (line.event !== 'control' || line.type !== CREATE || this.#ends.has(`${tape.name}/${line.link}`)) return;
        circuits.push(this.#follow(tape, index));
      });
    }
    return circuits;
  }

  /** Circuits that reach a mailbox or stand ready to: of three relays. */
  longCircuits(): Piece[][] {
    return this.circuits().filter((pieces) => pieces.length > 1);
  }

  #follow(tape: TapeOf, index: number): Piece[] {
    const { circuit, link } = tape.lines[index] as Line;
    const made = tape.lines.slice(index).find((line) => line.event === 'create' && line.circuit === circuit);
    const key = made?.key;
    if (made === undefined || key === undefined) return [];
    const extend = tape.lines.find((line) => line.event === 'extend' && line.key === key);
    const asked = tape.lines.find((line) => line.event === 'message' && line.key === key && line.kind === Kind.EXTEND);
    const near = String(made.link);
    const piece: Piece = { at: tape, key, near, nearRelay: this.#ends.get(`${tape.name}/${link}`)?.id, far: extend?.relay };
    const next = asked === undefined ? undefined : this.#created.get((asked.body ?? '').slice(ID));
    return next === undefined ? [piece] : [piece, ...this.#follow(next.tape, next.index)];
  }

  /** What a relay learned of one circuit by being on it: all but the cells. */
  learned({ at, key }: Piece): readonly Line[] {
    return at.lines.filter((line) => line.key === key);
  }

  /** Blobs posted at and pushed by one mailbox, and the topics that it serves, all as hex. */
  mailbox(tape: TapeOf): { readonly posted: string[]; readonly pushed: string[]; readonly topics: ReadonlySet<string> } {
    const bodies = (event: string, kind: number): string[] =>
      tape.lines.filter((line) => line.event === event && line.kind === kind).map((line) => line.body ?? '');
    const posts = bodies('message', Kind.POST);
    const topics = [...posts, ...bodies('message', Kind.SUBSCRIBE)].map((body) => body.slice(0, ID));
    return {
      posted: posts.map((body) => body.slice(ID + SIGNATURE)),
      pushed: bodies('say', Kind.BLOB).map((body) => body.slice(ID + PLACE)),
      topics: new Set(topics),
    };
  }

  /** The tapes that hold a word, in any of the ways in which a word can be written down. */
  holders(word: string | Uint8Array): string[] {
    return this.tapes.filter(({ raw }) => holds(raw, word)).map(({ name }) => name);
  }
}

/** Not PADDING and its like, which look the same on every link. */
const isUnique = ({ event, cell }: Line): boolean => event === 'cell' && cell !== undefined && !cell.startsWith('00000000');

/** Whether lines of a tap hold a word: as it is, and as hex and base64 of its bytes, at each of the three places in a group of base64. */
export function holds(raw: readonly string[], word: string | Uint8Array): boolean {
  const forms = formsOf(word);
  return raw.some((line) => forms.some((form) => line.includes(form)));
}

function formsOf(word: string | Uint8Array): string[] {
  const bytes = [Buffer.from(word), ...(typeof word === 'string' ? [Buffer.from(word, 'utf16le')] : [])];
  const base64 = bytes.flatMap((form) =>
    [0, 1, 2].flatMap((shift) => {
      const shifted = Buffer.concat([Buffer.alloc(shift), form]);
      // The first and the last group share bits with what stands beside them.
      const from = shift === 0 ? 0 : 4;
      const to = Math.floor(shifted.length / 3) * 4;
      return [shifted.toString('base64').slice(from, to), shifted.toString('base64url').slice(from, to)];
    }),
  );
  return [...(typeof word === 'string' ? [word] : []), ...bytes.map((form) => form.toString('hex')), ...base64];
}
