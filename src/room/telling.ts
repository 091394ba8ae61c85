/**
 * What is to be told to the other members, gathered until the next step (docs/protocol.md §7.1, §8.4):
 *
 *   operations, updates, a receipt, one's own state ──► batches ──► sealed under the epoch that is written under
 */
import { integer, type Bytes } from '../base/index.ts';
import type { Head } from '../replica/index.ts';
import { fillBatches, makeReceipt } from './batches.ts';
import { ownHeads, reaches, wireHead } from './heads.ts';
import type { Covers } from './outbox.ts';
import type { Presence } from './presence.ts';
import type { Rotations } from './rotations.ts';
import type { Work } from './work.ts';

/** Receipts wait for more to acknowledge, ms: so long at least, and in a large room up to so long for each other device. */
const RECEIPT_PAUSE = 100;
/** One's own state is told at most this often, ms. */
const STATE_PAUSE = 10_000;

export class Telling {
  readonly #work: Work;
  readonly #rotations: Rotations;
  readonly #seen: () => readonly Head[];
  readonly #presence: () => Presence | undefined;
  #operations: Bytes[] = [];
  #history: Bytes[] = [];
  #receiptDue = false;
  #prekeyDue = false;
  #stateDue = false;
  #stateToldAt = 0;

  /** `seen`: how far the user has seen each device's updates; `presence`: where this device is found for direct links. */
  constructor(work: Work, rotations: Rotations, seen: () => readonly Head[], presence: () => Presence | undefined) {
    this.#work = work;
    this.#rotations = rotations;
    this.#seen = seen;
    this.#presence = presence;
  }

  /** With the next batch. */
  tell(operations: readonly Bytes[], updates: readonly Bytes[]): void {
    this.#operations.push(...operations);
    this.#history.push(...updates);
  }

  /** Told to everyone whom the present epoch reaches, before a rotation shuts somebody out. */
  tellUnderOldEpoch(operations: readonly Bytes[]): void {
    const epoch = this.#rotations.writeUnderBefore();
    if (epoch === undefined) return;
    for (const text of fillBatches({ operations })) this.#work.post(this.#work.parts.keyring.seal(epoch, text).blobs);
  }

  /** Something new is held: a receipt follows, with a fresh prekey when a new epoch was opened. */
  receiptSoon(withPrekey = false): void {
    this.#prekeyDue ||= withPrekey;
    // Everybody answers everything that is said: at a fixed pace that would be the square of the room, and more than its circuits carry.
    const others = Math.max(1, this.#rotations.memberDevices().length - 1);
    const pause = RECEIPT_PAUSE + integer(this.#work.surroundings.random, RECEIPT_PAUSE * (others - 1) + 1);
    this.#work.later('receipt', pause, () => {
      this.#receiptDue = true;
      this.#work.wake();
    });
  }

  /** Receipt and state go out with the next step, whatever has been told before. */
  tellAllAnew(): void {
    this.#receiptDue = true;
    this.#stateDue = true;
  }

  /** Tells one's own state, so that the others send what is missing here. Not oftener than every ten seconds. */
  announce(): void {
    if (this.#work.standing() !== 'member' || this.#rotations.memberDevices().length < 2) return;
    const { clock } = this.#work.surroundings;
    this.#work.later('state', Math.max(0, this.#stateToldAt + STATE_PAUSE - clock.now()), () => {
      this.#stateToldAt = clock.now();
      this.#stateDue = true;
      this.#work.wake();
    });
  }

  /** Seals what has gathered, if it may be sealed now. */
  fill(): void {
    const epoch = this.#rotations.writeUnder();
    if (epoch === undefined) return;
    const { keyring, replica, log } = this.#work.parts;
    const receipt = this.#receiptDue && this.#work.standing() === 'member' ? this.#receipt() : undefined;
    const state = this.#stateDue ? { heads: replica.heads(), operations: log.heads() } : undefined;
    const operations = this.#operations.splice(0);
    const own = this.#ownUnposted();
    const updates = [...this.#history.splice(0), ...own.updates];
    if (operations.length + updates.length === 0 && receipt === undefined && state === undefined) return;
    const texts = fillBatches({ operations, updates, ...(receipt && { receipt: receipt.bytes }), ...(state && { state }) });
    for (const text of texts) this.#work.post(keyring.seal(epoch, text).blobs, receipt?.sent, own.covers);
    this.#receiptDue &&= receipt === undefined;
    this.#stateDue = false;
  }

  /** One's own updates that were never given to the outbox (again, after being let in); from now on they were. */
  #ownUnposted(): { readonly updates: readonly Bytes[]; readonly covers: Covers | undefined } {
    const { record, parts } = this.#work;
    const { posted } = record;
    const heads = parts.replica.heads();
    const upTo = heads.find((head) => head.device === parts.me);
    if (upTo === undefined || (posted !== undefined && reaches(posted, upTo.segment, upTo.seq))) return { updates: [], covers: undefined };
    const [after] = posted === undefined ? [] : ownHeads([posted]);
    const known = heads.filter((head) => head !== upTo);
    const updates = parts.replica.missing(after === undefined ? known : [...known, after]);
    record.posted = wireHead(upTo);
    this.#work.keepRecord();
    return { updates, covers: { after, upTo } };
  }

  #receipt(): { readonly bytes: Bytes; readonly sent: (() => void) | undefined } {
    const { parts, surroundings } = this.#work;
    const prekey = this.#prekeyDue ? parts.keyring.newPrekey() : undefined;
    this.#prekeyDue = false;
    const bytes = makeReceipt({
      room: parts.room,
      device: parts.me,
      heads: parts.replica.heads(),
      read: this.#seen(),
      direct: this.#presence(),
      ...(prekey && { prekey }),
      signLight: (purpose, body) => parts.persona.signLight(purpose, body),
    });
    return { bytes, sent: prekey && (() => parts.keyring.prekeyPosted(prekey, surroundings.networkTime())) };
  }
}
