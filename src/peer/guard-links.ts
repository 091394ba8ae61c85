/**
 * The links to guards (docs/protocol.md §5): whoever does not answer, or falls silent, rests; when its rest is over it is asked again,
 * so that a guard that comes back is used again, in the order of guards.
 *
 *   dial ──► link ──► silent ─┐
 *     └────► no answer ───────┴──► rests 10 s … 10 min ──► asked again ──► answers: back
 */
import { patiently, type Cancel, type Clock, type RelayId } from '../base/index.ts';
import type { Guards } from '../directory/index.ts';
import { FELL_SILENT, type CellLink, type LinkHandler } from '../link/index.ts';

export interface GuardLinksOptions {
  readonly clock: Clock;
  readonly guards: Guards;
  readonly addresses: (guard: RelayId) => readonly string[] | undefined;
  readonly dial: (addresses: readonly string[], signal: AbortSignal) => Promise<CellLink>;
  /** A guard that had not answered does so now. */
  readonly back: (guard: RelayId) => void;
  /** One does not answer any more. */
  readonly silent: (guard: RelayId) => void;
}

/** How long a guard may take to answer while another could be asked, and when there is none, ms. */
const PATIENCE_MS = { another: 4_000, none: 12_000 };

export class GuardLinks {
  readonly #options: GuardLinksOptions;
  readonly #links = new Map<CellLink, RelayId>();
  readonly #asking = new Map<RelayId, Cancel>();
  #stopped = false;

  constructor(options: GuardLinksOptions) {
    this.#options = options;
  }

  /** A handler that sees which links fall silent, and hands everything on. */
  around(handler: LinkHandler): LinkHandler {
    return {
      opened: (link) => handler.opened(link),
      cell: (link, circuit, counter, cell) => handler.cell(link, circuit, counter, cell),
      control: (link, type, circuit, payload) => handler.control(link, type, circuit, payload),
      closed: (link, why) => {
        const guard = this.#links.get(link);
        this.#links.delete(link);
        // Before the circuits over it are told, so that they are built over another. A link that was closed is dialled again first.
        if (guard !== undefined && why === FELL_SILENT) this.failed(guard);
        handler.closed(link, why);
      },
    };
  }

  /** The link to a guard, or why there is none, in words; it rests then. */
  async dial(guard: RelayId): Promise<CellLink> {
    const { addresses, clock, dial } = this.#options;
    const known = addresses(guard);
    if (known === undefined) throw new Error('the guard has no address');
    const giveUp = new AbortController();
    const cancel = patiently(clock, this.#patience(guard), () => giveUp.abort(new Error('the guard did not answer in time')));
    try {
      const link = await dial(known, giveUp.signal);
      if (!link.closed) this.#links.set(link, guard);
      this.#answered(guard);
      return link;
    } catch (error) {
      this.failed(guard);
      throw error;
    } finally {
      cancel();
    }
  }

  /** The links that stand, each with its guard. */
  open(): readonly CellLink[] {
    return [...this.#links.keys()].filter((link) => !link.closed);
  }

  failed(guard: RelayId): void {
    const rest = this.#options.guards.failed(guard);
    this.#asking.get(guard)?.();
    if (this.#stopped) return;
    this.#asking.set(
      guard,
      this.#options.clock.after(rest, () => this.#ask(guard)),
    );
    this.#options.silent(guard);
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#asking.values()) cancel();
    this.#asking.clear();
  }

  #ask(guard: RelayId): void {
    this.#asking.delete(guard);
    const { guards } = this.#options;
    if (this.#stopped || !guards.hasFailed(guard) || !guards.state().some(({ id }) => id === guard)) return;
    // Whatever comes of it is noted by dial itself.
    this.dial(guard).catch(() => undefined);
  }

  #answered(guard: RelayId): void {
    this.#asking.get(guard)?.();
    this.#asking.delete(guard);
    if (this.#options.guards.answered(guard)) this.#options.back(guard);
  }

  #patience(guard: RelayId): number {
    const { guards } = this.#options;
    const another = guards.state().some(({ id }) => id !== guard && !guards.isResting(id));
    return another ? PATIENCE_MS.another : PATIENCE_MS.none;
  }
}
