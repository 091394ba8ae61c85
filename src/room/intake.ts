/**
 * What arrives in a room (docs/protocol.md §7.1, §8.4):
 *
 *   blob ──► at an invite's address? ──► admissions
 *     └────► open ──► rotation ──► epoch            batch ──► operations, updates, receipt, state ──► log, replica, fold
 */
import { isRefusal, type Bytes, type DeviceId, type Hash } from '../base/index.ts';
import type { EntryRecord } from '../replica/index.ts';
import type { Admissions } from './admissions.ts';
import { Answers } from './answers.ts';
import { readBatch, readReceipt } from './batches.ts';
import type { RoomParts } from './context.ts';
import type { Incoming } from './following.ts';
import type { Rotations } from './rotations.ts';
import type { Telling } from './telling.ts';
import type { Work } from './work.ts';

/** What the room does for its intake. */
export interface Reach {
  show(record: EntryRecord): void;
  /** The addresses that are read have changed. */
  follow(): void;
  /** To be taken once more, now that more is known. */
  again(held: readonly Incoming[]): void;
}

export class Intake {
  readonly #work: Work;
  readonly #parts: RoomParts;
  readonly #rotations: Rotations;
  readonly #admissions: Admissions;
  readonly #telling: Telling;
  readonly #reach: Reach;
  readonly #answers: Answers;

  constructor(work: Work, rotations: Rotations, admissions: Admissions, telling: Telling, reach: Reach) {
    this.#work = work;
    this.#parts = work.parts;
    this.#rotations = rotations;
    this.#admissions = admissions;
    this.#telling = telling;
    this.#reach = reach;
    this.#answers = new Answers(work, rotations, admissions, telling);
  }

  /** Deals with one blob. Never throws: what nothing here foresaw is counted, and the blob is left aside. */
  take(incoming: Incoming): void {
    try {
      this.#take(incoming);
    } catch {
      this.#count('blob-unforeseen');
    }
  }

  #take(incoming: Incoming): void {
    if (this.#admissions.takes(incoming)) return;
    const opened = this.#parts.keyring.open(incoming.address, incoming.topic, incoming.blob, (device) => this.#keysetOf(device));
    if (isRefusal(opened)) {
      // Its rotation, or the admission of its sender, may still be on the way.
      if (opened.refused === 'unknown-epoch' || opened.refused === 'unknown-sender') this.#work.following.hold(incoming);
      // One's own blobs come back, and each comes from both mailboxes.
      if (opened.refused !== 'own' && opened.refused !== 'repeated') this.#count(`blob-${opened.refused}`);
    } else if (opened.kind === 'rotation') {
      this.#takeRotation(incoming, opened.text);
    } else if (opened.device !== undefined && opened.epoch !== undefined) {
      this.#rotations.heard(opened.epoch, opened.device);
      this.#takeBatch(opened.epoch, opened.device, opened.text);
    }
  }

  /** Of whoever is or was a member, and, to a joiner, of those who may let it in. */
  #keysetOf(device: DeviceId): Bytes | undefined {
    return this.#parts.log.rights().keysetOf(device) ?? this.#admissions.keysetOf(device);
  }

  #takeRotation(incoming: Incoming, frame: Bytes): void {
    const rotation = this.#rotations.take(frame, (device) => this.#keysetOf(device));
    if (rotation === 'unknown-author') this.#work.following.hold(incoming);
    if (rotation === 'unknown-author' || rotation === 'refused' || !rotation.mine) return;
    if (rotation.prekey !== undefined) this.#work.put(...this.#work.acknowledged.takePrekey(rotation.author, rotation.prekey));
    this.#telling.receiptSoon(true);
    this.#reach.follow();
    this.#reach.again(this.#work.following.release());
  }

  #takeBatch(epoch: Hash, device: DeviceId, text: Bytes): void {
    const batch = readBatch(text);
    if (isRefusal(batch)) return this.#count(`batch-${batch.refused}`);
    this.#answers.told(epoch, [...batch.operations, ...batch.updates]);
    let news = false;
    for (const operation of batch.operations) news = this.#takeOperation(operation) || news;
    if (news) this.#enforce();
    for (const update of batch.updates) news = this.#takeUpdate(update) || news;
    if (batch.receipt.length > 0) this.#takeReceipt(device, batch.receipt);
    if (batch.state !== undefined && !this.#answers.asked(device, batch.state)) this.#count('state-malformed');
    if (news) {
      this.#telling.receiptSoon();
      this.#reach.again(this.#work.following.release());
    }
  }

  #takeOperation(operation: Uint8Array): boolean {
    const result = this.#parts.log.add(operation);
    if (isRefusal(result)) this.#countNews(`operation-${result.refused}`);
    else if ('waiting' in result) this.#telling.announce();
    else return result.added.length > 0;
    return false;
  }

  /** Membership has changed: what is withheld now goes from the screen, what counts again comes back. */
  #enforce(): void {
    const { withdrawn, restored } = this.#parts.replica.enforce(this.#parts.log.rights());
    this.#work.surroundings.fold.remove(withdrawn.map(({ id }) => id));
    for (const entry of restored) this.#reach.show(entry);
  }

  #takeUpdate(update: Uint8Array): boolean {
    const result = this.#parts.replica.accept(update, this.#parts.log.rights());
    if (isRefusal(result)) {
      this.#countNews(`update-${result.refused}`);
      if (result.refused === 'unknown-device') this.#telling.announce();
    } else if ('waiting' in result) {
      this.#telling.announce();
    } else {
      this.#work.surroundings.fold.remove(result.withdrawn.map(({ id }) => id));
      for (const entry of result.entries) this.#reach.show(entry);
      return true;
    }
    return false;
  }

  #takeReceipt(device: DeviceId, bytes: Uint8Array): void {
    const keyset = this.#parts.log.rights().keysetOf(device);
    if (keyset === undefined) return this.#count('receipt-unknown-device');
    const receipt = readReceipt(bytes, this.#parts.room, device, keyset);
    if (isRefusal(receipt)) return this.#count(`receipt-${receipt.refused}`);
    const [key, value] = this.#work.acknowledged.take(receipt);
    this.#work.put(key, value);
    this.#answers.holds(device, receipt.heads);
  }

  /** What comes again, as answers to several askers do, is nothing refused. */
  #countNews(word: string): void {
    if (!word.endsWith('-repeated')) this.#count(word);
  }

  #count(word: string): void {
    this.#work.surroundings.counters.count(word);
  }
}
