/**
 * Which mailboxes there are, which of those in use are dead, and where members meet when both of an address are (docs/protocol.md §7).
 *
 *   in use ── silent for a minute, while the relays before it answer ──► dead ── answers ──► in use
 */
import { idBytes, pick, toHex, type Clock, type Random, type RelayId } from '../base/index.ts';
import { kdf } from '../crypto/index.ts';
import type { Address } from '../keyring/index.ts';
import type { Service } from '../onion/index.ts';

export interface MailboxChoiceOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Relays of the directory that keep messages, by id. */
  readonly listed: () => readonly RelayId[];
  readonly anchors: readonly RelayId[];
  readonly services: () => readonly Service[];
  /** It does not answer as a guard just now. */
  readonly isResting: (relay: RelayId) => boolean;
  /** Others of those in use are dead than before. */
  readonly changed: () => void;
}

const DEAD_AFTER = 60_000;
/** For so long no new address is made with a mailbox that was found dead, ms. */
const SHUNNED = 3_600_000;

export class MailboxChoice {
  readonly #options: MailboxChoiceOptions;
  /** When each was last found dead, ms. */
  readonly #dead = new Map<RelayId, number>();
  #deadNow = '';

  constructor(options: MailboxChoiceOptions) {
    this.#options = options;
  }

  /** Two different ones at random, of those that are not known to be silent if there are two; anchors while the directory is not known. Throws an Error in words. */
  pick(): readonly [RelayId, RelayId] {
    const { listed, anchors, random } = this.#options;
    const known = listed().length >= 2 ? listed() : anchors;
    const living = known.filter((id) => !this.#isShunned(id));
    const from = living.length >= 2 ? living : known;
    const first = pick(random, from);
    const second = pick(
      random,
      from.filter((id) => id !== first),
    );
    if (first === undefined || second === undefined) throw new Error('Sotto needs at least two relays to keep messages, and knows fewer.');
    return [first, second];
  }

  isDead(mailbox: RelayId): boolean {
    return this.#isSilent(mailbox, DEAD_AFTER);
  }

  /** The two others that come first by KDF("spare", 32, A, mailbox): whoever knows the address finds the same, and nobody else can tell which. */
  spares({ secret, mailboxes }: Address): Address | undefined {
    const place = new Map(this.#options.listed().map((id) => [id, toHex(kdf('spare', 32, secret, idBytes(id)))]));
    const [first, second] = [...place.keys()]
      .filter((id) => !mailboxes.includes(id))
      .toSorted((a, b) => ((place.get(a) ?? '') < (place.get(b) ?? '') ? -1 : 1));
    return first === undefined || second === undefined ? undefined : { secret, mailboxes: [first, second] };
  }

  /** A circuit to it stands. */
  answered(mailbox: RelayId | undefined): void {
    if (mailbox !== undefined) this.#dead.delete(mailbox);
    this.look();
  }

  /** Notes which are dead now, and tells when that has changed. */
  look(): void {
    const { services, clock, changed } = this.#options;
    const dead = [...new Set(services().map(({ mailbox }) => mailbox))].filter((mailbox) => this.isDead(mailbox));
    for (const mailbox of dead) this.#dead.set(mailbox, clock.now());
    const now = dead.toSorted().join();
    if (now === this.#deadNow) return;
    this.#deadNow = now;
    changed();
  }

  /** It has not answered for so long, over whatever circuit. */
  #isSilent(mailbox: RelayId, ms: number): boolean {
    const services = this.#options.services().filter((service) => service.mailbox === mailbox);
    const now = this.#options.clock.now();
    const isSilent = ({ silentSince }: Service): boolean => silentSince !== undefined && now - silentSince >= ms;
    return services.some(isSilent) && services.every(({ circuit }) => circuit === undefined);
  }

  #isShunned(mailbox: RelayId): boolean {
    const { isResting, clock } = this.#options;
    if (this.#isSilent(mailbox, 0)) return true;
    return isResting(mailbox) || clock.now() - (this.#dead.get(mailbox) ?? -Infinity) < SHUNNED;
  }
}
