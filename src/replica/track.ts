/**
 * What is here of one device: its updates, each following the one whose hash it names.
 *
 *   (0,0) ─▶ (0,1) ─▶ … ─▶ (1,0) ─▶ …        (segment, seq)
 *               └───▶ a second successor: a fork. The lower hash stays, nothing follows it, and the other is kept as the proof.
 *
 * History may begin with any segment, and earlier ones may come later: segments are joined where a hash says so. Updates whose
 * predecessor is missing wait, up to a bound. What the room's rights withhold (a removed device, what lies beyond a cut) stays
 * here, unseen, for a removal may turn out to be void.
 */
import { isRefusal, refuse, type DeviceId, type Refusal } from '../base/index.ts';
import { SEGMENT_ENTRIES } from './append.ts';
import { millisecondsOf } from './hlc.ts';
import { comparePositions, type Position, type Update } from './update.ts';
import { Waiting } from './waiting.ts';
import type { Cut, Head } from './replica.ts';

/** What one's own store has to do. */
export interface Journal {
  put(update: Update): void;
  delete(update: Update): void;
}

export interface Placed {
  readonly linked: readonly Update[];
  readonly dropped: readonly Update[];
  readonly forked: boolean;
}

/** Which updates the room's rights leave to be seen. */
export interface Limits {
  readonly hidden: boolean;
  readonly cut: Cut | undefined;
}

export class Track {
  readonly device: DeviceId;
  readonly #journal: Journal;
  readonly #segments = new Map<number, Update[]>();
  readonly #waiting = new Waiting();
  /** Segments that are here, ascending. */
  #order: number[] = [];
  #limits: Limits;
  /** The update that the device is frozen at, and the proof: another successor of the same update. */
  #fork: { readonly at: Update; readonly proof: Update } | undefined;
  /** The last segment known to be joined to the first. */
  #joined: number | undefined;

  constructor(device: DeviceId, journal: Journal, limits: Limits) {
    this.device = device;
    this.#journal = journal;
    this.#limits = limits;
  }

  get frozen(): boolean {
    return this.#fork !== undefined;
  }

  get limited(): boolean {
    return this.#limits.hidden || this.#limits.cut !== undefined;
  }

  /** Takes an update from one's own store; they come in order of their positions, and are not read where their numbers tell enough. */
  load(update: Update): void {
    const follows = update.seq === this.segment(update.segment).length;
    const rival = follows && update.seq > 0 ? undefined : this.#rival(update);
    if (rival !== undefined) this.#settleFork(rival, update);
    else if (follows) this.#push(update);
  }

  /** Takes an update whose signature has been verified. Refused: `repeated`, `frozen`, `pending`, `segment-full`, `hlc-not-rising`, `too-many-waiting`. */
  insert(update: Update): Placed | 'waiting' | Refusal {
    if (this.has(update)) return refuse('repeated');
    const first = this.#place(update);
    if (first === 'waiting') return this.#waiting.add(update) ?? 'waiting';
    if (isRefusal(first)) return first;
    return this.#release(first);
  }

  has(update: Position & { readonly hash: string }): boolean {
    return this.#at(update)?.hash === update.hash || this.#fork?.proof.hash === update.hash || this.#waiting.has(update.hash);
  }

  /** The updates of one segment, in order. */
  segment(segment: number): readonly Update[] {
    return this.#segments.get(segment) ?? [];
  }

  /** The last update of all, seen or not. */
  last(): Update | undefined {
    return this.segment(this.#order.at(-1) ?? -1).at(-1);
  }

  /** Everything that may be seen, in order. */
  *updates(): Generator<Update> {
    for (const segment of this.#order) yield* this.segment(segment).filter((update) => isSeen(update, this.#limits));
  }

  /** Everything that is here and may not be seen, in order. */
  *withheld(): Generator<Update> {
    for (const segment of this.#order) yield* this.segment(segment).filter((update) => !isSeen(update, this.#limits));
  }

  /** The last update up to which nothing is missing; undefined when nothing may be seen. */
  head(): Head | undefined {
    const end = this.#joinedEnd();
    if (end === undefined) return undefined;
    let head = isSeen(end, this.#limits) ? end : undefined;
    if (head === undefined) {
      for (const update of this.updates()) if (comparePositions(update, end) < 0) head = update;
    }
    return head && { device: this.device, segment: head.segment, seq: head.seq, hash: head.hash };
  }

  /** What somebody lacks whose head is `theirs`; of segments that ended before `since` (ms) nothing, unless they follow that head. */
  missing(theirs: Head | undefined, since: number): readonly Update[] {
    const own = theirs && this.#at(theirs);
    if (theirs === undefined || (own !== undefined && own.hash !== theirs.hash)) {
      const all = [...this.updates()].filter((update) => this.#endOf(update.segment) >= since);
      return this.#fork === undefined ? all : [...all, this.#fork.proof];
    }
    const head = this.head();
    if (head !== undefined && this.#fork !== undefined && own === undefined && comparePositions(theirs, head) > 0)
      return [this.#fork.at, this.#fork.proof];
    return [...this.updates()].filter((update) => comparePositions(update, theirs) > 0);
  }

  /** Whether somebody whose head is `theirs` has what is missing here. */
  lacks(theirs: Head): boolean {
    const own = this.#at(theirs);
    if (own !== undefined && own.hash !== theirs.hash) return this.#fork?.proof.hash !== theirs.hash;
    const { hidden, cut } = this.#limits;
    if (hidden || this.#fork !== undefined || (cut !== undefined && comparePositions(theirs, cut) > 0)) return false;
    const head = this.head();
    return head === undefined || comparePositions(theirs, head) > 0;
  }

  /** Applies new limits; returns what is no longer, and what is again, to be seen. */
  limit(limits: Limits): { readonly withdrawn: readonly Update[]; readonly restored: readonly Update[] } {
    const before = this.#limits;
    if (before.hidden === limits.hidden && sameCut(before.cut, limits.cut)) return { withdrawn: [], restored: [] };
    this.#limits = limits;
    const all = this.#order.flatMap((segment) => this.segment(segment));
    const changed = all.filter((update) => isSeen(update, before) !== isSeen(update, limits));
    return {
      withdrawn: changed.filter((update) => !isSeen(update, limits)),
      restored: changed.filter((update) => isSeen(update, limits)),
    };
  }

  #at(position: Position): Update | undefined {
    return this.segment(position.segment)[position.seq];
  }

  #endOf(segment: number): number {
    return millisecondsOf(this.segment(segment).at(-1)?.hlc ?? 0n);
  }

  /** Last update of the run of segments that begins with the first. */
  #joinedEnd(): Update | undefined {
    let segment = this.#joined ?? this.#order[0];
    if (segment === undefined) return undefined;
    for (;;) {
      const end: Update | undefined = this.segment(segment).at(-1);
      const next: Update | undefined = this.segment(segment + 1)[0];
      this.#joined = segment;
      if (next === undefined || next.previous !== end?.hash) return end;
      segment++;
    }
  }

  /** The update that this one follows; `start` when history may begin with it; undefined when that is not here. */
  #predecessor(update: Update): Update | 'start' | undefined {
    if (update.seq > 0) {
      const before = this.segment(update.segment)[update.seq - 1];
      return before?.hash === update.previous ? before : undefined;
    }
    const before = this.segment(update.segment - 1).findLast((other) => other.hash === update.previous);
    if (before !== undefined) return before;
    return (this.#order[0] ?? update.segment) >= update.segment ? 'start' : undefined;
  }

  /** Another update in this one's place: a successor of the same update, or one of the same number. */
  #rival(update: Update): Update | undefined {
    const before = this.#predecessor(update);
    if (before === undefined) return undefined;
    if (before === 'start') return this.#at(update);
    const next = this.segment(before.segment)[before.seq + 1];
    if (next !== undefined) return next;
    const turn = this.segment(before.segment + 1)[0];
    return turn?.previous === before.hash ? turn : this.#at(update);
  }

  /** Puts an update where it belongs, alone. */
  #place(update: Update): Placed | 'waiting' | Refusal {
    const before = this.#predecessor(update);
    const fault = before === undefined ? undefined : faultOf(update, before);
    if (fault !== undefined) return fault;
    const rival = this.#rival(update);
    if (rival !== undefined) return this.#settleFork(rival, update);
    if (this.#fork !== undefined && comparePositions(update, this.#fork.at) > 0) return refuse('frozen');
    if (before === undefined) return 'waiting';
    this.#push(update);
    this.#journal.put(update);
    return { linked: [update], dropped: [], forked: false };
  }

  #push(update: Update): void {
    const segment = this.#segments.get(update.segment);
    if (segment !== undefined) {
      segment.push(update);
      return;
    }
    this.#segments.set(update.segment, [update]);
    this.#order = [...this.#order, update.segment].toSorted((a, b) => a - b);
    if (this.#order[0] === update.segment) this.#joined = undefined;
  }

  /** Two successors of one update: the lower hash stays, as the last. */
  #settleFork(rival: Update, update: Update): Placed | Refusal {
    const wins = update.hash < rival.hash;
    const [at, proof] = wins ? [update, rival] : [rival, update];
    const known = this.#fork;
    if (known?.at === at) return refuse('frozen');
    const dropped = this.#dropFrom(wins ? rival : undefined, at);
    if (wins) this.#push(update);
    for (const old of [...dropped, ...(known === undefined ? [] : [known.proof])]) this.#journal.delete(old);
    this.#journal.put(at);
    this.#journal.put(proof);
    this.#fork = { at, proof };
    this.#waiting.clear();
    return { linked: wins ? [update] : [], dropped, forked: known === undefined };
  }

  /** Takes away `from` and what comes after it, or what comes after `at`. */
  #dropFrom(from: Update | undefined, at: Update): Update[] {
    const goes = (update: Update): boolean => (from === undefined ? comparePositions(update, at) > 0 : comparePositions(update, from) >= 0);
    const dropped: Update[] = [];
    for (const segment of this.#order) {
      const all = this.segment(segment);
      const kept = all.filter((update) => !goes(update));
      dropped.push(...all.slice(kept.length));
      if (kept.length > 0) this.#segments.set(segment, kept);
      else this.#segments.delete(segment);
    }
    this.#order = this.#order.filter((segment) => this.#segments.has(segment));
    this.#joined = undefined;
    return dropped;
  }

  /** Takes back `from` and all after it, as if they had never been written: of one's own, while nobody else has them. */
  takeBack(from: Position): readonly Update[] {
    const first = this.#at(from);
    if (first === undefined || this.#fork !== undefined) return [];
    const dropped = this.#dropFrom(first, first);
    for (const update of dropped) this.#journal.delete(update);
    return dropped;
  }

  /** Places what waited for what has just been linked. */
  #release(first: Placed): Placed {
    const linked = [...first.linked];
    const dropped = [...first.dropped];
    let { forked } = first;
    for (let i = 0; i < linked.length; i++) {
      for (const waiting of this.#waiting.take(linked[i]?.hash)) {
        const placed = this.#place(waiting);
        if (placed === 'waiting' || isRefusal(placed)) continue;
        linked.push(...placed.linked);
        dropped.push(...placed.dropped);
        forked ||= placed.forked;
      }
    }
    const gone = new Set(dropped);
    const fresh = new Set(linked);
    return { linked: linked.filter((u) => !gone.has(u) && isSeen(u, this.#limits)), dropped: dropped.filter((u) => !fresh.has(u)), forked };
  }
}

function faultOf(update: Update, before: Update | 'start'): Refusal | undefined {
  if (update.end > SEGMENT_ENTRIES) return refuse('segment-full');
  if (before === 'start') return undefined;
  if (update.seq > 0 && update.append.first !== before.end) return refuse('pending', 'entries before it are missing');
  return update.hlc > before.hlc ? undefined : refuse('hlc-not-rising');
}

function isSeen(update: Update, { hidden, cut }: Limits): boolean {
  if (hidden) return false;
  if (cut === undefined) return true;
  const beyond = comparePositions(update, cut);
  return beyond < 0 || (beyond === 0 && update.hash === cut.hash);
}

const sameCut = (a: Cut | undefined, b: Cut | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && comparePositions(a, b) === 0 && a.hash === b.hash);
