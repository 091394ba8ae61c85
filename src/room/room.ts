/**
 * One room: brings the membership log, the keyring, the replica and the mailboxes together (docs/protocol.md §8).
 *
 *   blob ──► open ──► rotation | batch ──► log, replica ─┐
 *   say, invite, remove … ──► update, operation ───────────────┤──► one commit ──► posts go out, the screen follows
 *                                       receipts, answers ─────┘
 *
 * Everything runs in one loop: take what arrived, decide what to tell, make all of it durable in one step, and only then post.
 */
import { isRefusal, type Bytes, type DeviceId, type PersonaId, type RelayId, type RoomId } from '../base/index.ts';
import type { Persona } from '../identity/index.ts';
import { topics, type Address, type Keyring } from '../keyring/index.ts';
import type { EntryRecord, Head, Replica } from '../replica/index.ts';
import type { Batch } from '../store/index.ts';
import { encode, RoomRecordSchema, type RoomRecord } from '../wire/index.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { Admissions } from './admissions.ts';
import type { RoomParts, RoomSurroundings, Standing } from './context.ts';
import { Direct, type DirectState } from './direct.ts';
import { Following, type Incoming } from './following.ts';
import { ownHeads, reaches, wireHead } from './heads.ts';
import { Intake } from './intake.ts';
import type { MembershipLog, RoomState } from './log.ts';
import { authorOperation, type OperationContent } from './operation.ts';
import { Outbox, type Covers, type Sealed } from './outbox.ts';
import { Rotations } from './rotations.ts';
import { Telling } from './telling.ts';
import { Timers } from './timers.ts';

/** A failed write is tried again after, ms. */
const WRITE_PAUSE = 5_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

export type OwnState = 'queued' | 'sent' | 'delivered' | 'read' | 'failed';

interface PreparedPost {
  readonly sealed: readonly Sealed[];
  readonly covers?: Covers | undefined;
  /** Called once the mailboxes hold it. */
  readonly sent?: (() => void) | undefined;
}

/** The work of one room. Made by `openRoom`, `createRoom` or `joinRoom` (life.ts). */
export class Room {
  readonly id: RoomId;
  readonly admissions: Admissions;
  readonly #surroundings: RoomSurroundings;
  readonly #persona: Persona;
  readonly #keyring: Keyring;
  readonly #replica: Replica;
  readonly #log: MembershipLog;
  readonly #record: RoomRecord;
  readonly #outbox: Outbox;
  readonly #following: Following;
  readonly #acknowledged: Acknowledgements;
  readonly #rotations: Rotations;
  readonly #telling: Telling;
  readonly #intake: Intake;
  readonly #direct: Direct;
  readonly #timers: Timers;
  /** Own updates whose commit is not done: "segment/seq". */
  readonly #undurable = new Set<string>();

  /** Of each entry that is shown, the update that brought it. */
  readonly #updates = new Map<string, { readonly segment: number; readonly seq: number }>();

  /** How far the user has seen each device's updates. */
  #seen: Map<DeviceId, Head>;
  #inbox: Incoming[] = [];
  #posts: PreparedPost[] = [];
  #puts = new Map<string, Uint8Array>();
  #deletes = new Set<string>();
  /** Groups whose record may not be durable yet. */
  #unsent: string[] = [];
  readonly #whenSent = new Map<string, () => void>();
  /** The last of one's own updates of which the outbox durably holds the posts. */
  #durablyPosted: RoomRecord['posted'];
  #running = false;
  /** The loop, as long as it runs; never rejects. */
  #loop: Promise<void> = Promise.resolve();
  #waiters: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #stopped = false;
  /** The last write failed: what was shown as queued is shown as failed until one succeeds. */
  #writeFailed: Error | undefined;

  constructor(surroundings: RoomSurroundings, parts: RoomParts, record: RoomRecord) {
    this.id = parts.room;
    this.#surroundings = surroundings;
    this.#persona = parts.persona;
    this.#keyring = parts.keyring;
    this.#replica = parts.replica;
    this.#log = parts.log;
    this.#record = record;
    this.#durablyPosted = record.posted;
    this.#timers = new Timers(surroundings.clock);
    this.#seen = new Map(ownHeads(record.read).map((head) => [head.device, head]));
    const { records, mailboxes, isolation } = surroundings;
    this.#acknowledged = new Acknowledgements(records, parts.me);
    this.#outbox = this.#newOutbox();
    this.#following = new Following({
      records,
      mailboxes,
      isolation,
      arrived: (incoming) => {
        this.#inbox.push(incoming);
        this.wake();
      },
      caughtUp: () => {
        this.#expireKeys(MINUTE);
        this.#telling.announce();
        this.wake();
      },
    });
    const work = {
      surroundings,
      parts,
      record,
      acknowledged: this.#acknowledged,
      following: this.#following,
      post: (sealed: readonly Sealed[], sent?: () => void, covers?: Covers) => void this.#posts.push({ sealed, sent, covers }),
      put: (key: string, value: Uint8Array) => void this.#puts.set(key, value),
      remove: (key: string) => void this.#deletes.add(key),
      author: (content: OperationContent) => this.author(content),
      owes: (address: Address, mailbox: RelayId) =>
        topics(address).some(({ topic }) => topic.mailbox === mailbox && this.#outbox.owes(topic.seed)),
      retract: (address: Address, onlyOwn: boolean) => this.#retract(address, onlyOwn),
      tell: (operations: readonly Bytes[], updates: readonly Bytes[]) => this.#telling.tell(operations, updates),
      fail: (refusal: string) => this.#refuse(refusal),
      standing: () => this.standing,
      keepRecord: () => this.#keepRecord(),
      later: (name: string, ms: number, action: () => void) => this.#timers.later(name, ms, action),
      notLater: (name: string) => this.#timers.cancel(name),
      wake: () => this.wake(),
    };
    this.#rotations = new Rotations(work);
    this.#telling = new Telling(
      work,
      this.#rotations,
      () => [...this.#seen.values()],
      () => this.#direct.presence,
    );
    this.#direct = new Direct(work, this.#rotations, this.#telling, () => this.#owed());
    this.admissions = new Admissions(work, this.#rotations);
    this.#intake = new Intake(work, this.#rotations, this.admissions, this.#telling, {
      show: (entry) => this.#show(entry),
      follow: () => this.#follow(),
      again: (held) => void this.#inbox.unshift(...held),
    });
    this.#replica.enforce(this.#log.rights());
    for (const entry of this.#replica.entries()) this.#show(entry);
  }

  #newOutbox(): Outbox {
    const { records, mailboxes, isolation, clock, counters } = this.#surroundings;
    const sent = (key: string): void => this.#sent(key);
    return new Outbox({ records, mailboxes, isolation, clock, counters, sent, silent: () => this.wake() });
  }

  /** The first step of a room that was not here before: its records and its posts. */
  begin(put: readonly (readonly [string, Uint8Array])[], posts: readonly (readonly Sealed[])[]): void {
    for (const [key, value] of put) this.#puts.set(key, value);
    for (const sealed of posts) this.#posts.push({ sealed });
    this.#keepRecord();
    this.#rotations.rotateNow();
  }

  // ── what stands ──

  get me(): PersonaId {
    return this.#persona.id;
  }

  get state(): RoomState {
    return this.#log.state();
  }

  get standing(): Standing {
    if (this.#record.left) return 'left';
    if (this.#log.state().members.has(this.#persona.id)) return 'member';
    if (this.#record.refusal !== '') return 'refused';
    return this.#record.joining === undefined ? 'removed' : 'waiting';
  }

  /** The link's fate, when it came to nothing. */
  get refusal(): string {
    return this.#record.refusal;
  }

  get invitedTo(): string {
    return this.#record.invitedTo;
  }

  /** One's own name as it was when the room began here. */
  get firstName(): string {
    return this.#record.name;
  }

  /** The user has seen the update that brought an entry. */
  isSeen(entry: string, device: DeviceId): boolean {
    const update = this.#updates.get(entry);
    const seen = this.#seen.get(device);
    return update !== undefined && seen !== undefined && reaches(seen, update.segment, update.seq);
  }

  /** What keeps this room's circuits apart from all others'. */
  get isolation(): string {
    return this.#surroundings.isolation;
  }

  get direct(): DirectState {
    return this.#direct.state;
  }

  get frozen(): readonly DeviceId[] {
    return this.#replica.frozen();
  }

  /** Devices that gave this one a key that is not the others'. */
  get deceivers(): readonly DeviceId[] {
    return this.#rotations.deceivers;
  }

  /** What one wrote that came too late to count, as one had been removed. */
  unaccepted(): readonly EntryRecord[] {
    return [...this.#replica.withheld()];
  }

  get writeFailed(): Error | undefined {
    return this.#writeFailed;
  }

  personaOf(device: DeviceId): PersonaId | undefined {
    return device === this.#persona.device ? this.#persona.id : this.#log.personaOf(device);
  }

  /** State of one's own message. */
  stateOf(message: string): OwnState {
    const update = this.#updates.get(message);
    if (update === undefined) return 'queued';
    const { segment, seq } = update;
    if (this.#undurable.has(`${segment}/${seq}`)) return this.#writeFailed === undefined ? 'queued' : 'failed';
    if (this.#acknowledged.isRead(segment, seq)) return 'read';
    if (this.#acknowledged.isDelivered(segment, seq)) return 'delivered';
    const { posted } = this.#record;
    const given = posted !== undefined && reaches(posted, segment, seq);
    return given && !this.#outbox.isUnsent(segment, seq) ? 'sent' : 'queued';
  }

  // ── actions ──

  start(): void {
    this.#outbox.start();
    this.#follow();
    this.wake();
  }

  /** Prekeys whose time is over are erased once what the mailboxes hold has been read, which may be sealed to them, and then every hour. */
  #expireKeys(pause: number): void {
    this.#timers.later('expire', pause, () => {
      this.#keyring.expire(this.#surroundings.networkTime());
      this.#expireKeys(HOUR);
      this.wake();
    });
  }

  /** Appends entries to one's own document: shown at once, durable and posted as soon as can be. Throws when one is no member. */
  write(...entries: readonly Bytes[]): EntryRecord[] {
    if (this.standing !== 'member' && this.standing !== 'waiting') throw new Error('You are no longer in this room: it can only be read.');
    const records = entries.map((entry) => {
      const { record } = this.#replica.append(entry, this.#surroundings.networkTime());
      this.#undurable.add(`${record.update.segment}/${record.update.seq}`);
      this.#show(record);
      return record;
    });
    this.#surroundings.changed();
    this.wake();
    return records;
  }

  /** Takes back an entry that could not be written: it never left this device. Those written after it are written anew. */
  discard(entry: string): void {
    const update = this.#updates.get(entry);
    if (update === undefined || this.#writeFailed === undefined || !this.#undurable.has(`${update.segment}/${update.seq}`)) return;
    const taken = this.#replica.takeBack(update);
    this.#surroundings.fold.remove(taken.map(({ id }) => id));
    for (const {
      id,
      update: { segment, seq },
    } of taken) {
      this.#updates.delete(id);
      this.#undurable.delete(`${segment}/${seq}`);
    }
    // What was sealed with it goes too; what else was in those batches is told again.
    for (const key of this.#unsent.splice(0)) {
      this.#outbox.drop(key);
      this.#deletes.add(key);
    }
    this.#record.posted = this.#durablyPosted;
    this.#keepRecord();
    this.#telling.tellAllAnew();
    const rest = taken.filter(({ id }) => id !== entry).map((record) => record.entry);
    if (rest.length > 0) this.write(...rest);
    this.#surroundings.changed();
    this.wake(true);
  }

  /** A mailbox is dead, or lives again. */
  mailboxesChanged(): void {
    this.#follow();
    this.wake();
  }

  /** Tries again at once what could not be written or posted. */
  retry(): void {
    this.#timers.cancel('write');
    this.#outbox.hurry();
    this.#direct.hurry();
    this.wake(true);
  }

  /** The user has seen everything that is here. */
  markRead(): void {
    const heads = this.#replica.heads().filter((head) => head.device !== this.#persona.device);
    if (heads.every((head) => this.#seen.get(head.device)?.hash === head.hash)) return;
    this.#seen = new Map(heads.map((head) => [head.device, head]));
    this.#record.read = heads.map(wireHead);
    this.#keepRecord();
    this.#telling.receiptSoon();
    this.#surroundings.changed();
    this.wake();
  }

  /** Takes a member out: the operation with its cuts, then at once a rotation to a new address. */
  removeMember(persona: PersonaId): void {
    const member = this.#log.state().members.get(persona);
    if (member === undefined) throw new Error('They are not in this room.');
    this.admissions.closeAll();
    const operation = this.author({
      remove: { persona, devices: member.identity.map((identity) => identity.device), heads: this.#replica.heads() },
    });
    this.#telling.tellUnderOldEpoch([operation]);
    this.#rotations.rotateNow();
    this.wake();
  }

  /** The user agrees to direct links in this room, or no longer. Throws an Error in words where there are none. */
  chooseDirect(yes: boolean): void {
    this.#direct.choose(yes);
  }

  leave(): void {
    if (this.standing === 'member') this.#telling.tellUnderOldEpoch([this.author({ leave: { heads: this.#replica.heads() } })]);
    this.#record.left = true;
    this.#record.joining = undefined;
    this.#keepRecord();
    this.#follow();
    this.wake();
  }

  /** Writes and adds an operation of one's own; it is told with the next batch. */
  author(content: OperationContent): Bytes {
    const operation = authorOperation(
      { room: this.id, parents: this.#log.heads(), now: this.#surroundings.networkTime(), content },
      this.#persona,
    );
    const added = this.#log.add(operation);
    if (isRefusal(added)) throw new Error(`This cannot be done in this room: ${added.refused}.`);
    this.#telling.tell([operation], []);
    this.#surroundings.changed();
    return operation;
  }

  /** Nothing may be done about it any more, or everything that was asked for is durable. */
  settled(): Promise<void> {
    this.wake();
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  mayRemove(persona: PersonaId): boolean {
    const { members } = this.state;
    return persona !== this.me && members.has(persona) && members.get(this.me)?.role === 'owner';
  }

  /** Nothing waits to be written or posted. */
  get idle(): boolean {
    return !this.#running && this.#outbox.empty && this.#inbox.length === 0 && this.#direct.idle && this.#undurable.size === 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timers.stop();
    this.#following.stop();
    this.#outbox.stop();
    await this.#direct.stop();
    await this.#loop;
  }

  /** Runs the loop once more. */
  wake(evenIfFailed = false): void {
    if (this.#running || this.#stopped || (this.#timers.has('write') && !evenIfFailed)) return;
    this.#running = true;
    this.#loop = Promise.resolve().then(() => this.#run());
  }

  // ── the loop ──

  async #run(): Promise<void> {
    try {
      while (!this.#stopped) {
        const read = this.#inbox.splice(0);
        for (const incoming of read) this.#intake.take(incoming);
        this.#direct.hand((incoming) => this.#intake.take(incoming));
        this.#decide();
        const step = this.#commit(read);
        if (step === undefined) break;
        await step;
      }
      for (const { resolve } of this.#waiters.splice(0)) resolve();
    } catch (error) {
      const failed = error instanceof Error ? error : new Error(String(error));
      this.#writeFailed = failed;
      for (const { reject } of this.#waiters.splice(0)) reject(failed);
      this.#surroundings.counters.count('write-failed');
      this.#timers.later('write', WRITE_PAUSE, () => this.wake(true));
      this.#surroundings.changed();
    } finally {
      this.#running = false;
    }
  }

  /**
   * One step: everything that changed, durable together; then the posts go out. Undefined when there is nothing to do, and at once: the
   * loop ends before anybody can wake it in vain.
   */
  #commit(read: readonly Incoming[]): Promise<void> | undefined {
    const drained = [this.#keyring.drain(), this.#replica.drain(), this.#log.drain()];
    const put = [...drained.flatMap((d) => d.put), ...this.#puts, ...this.#following.cursors(read)] as (readonly [string, Uint8Array])[];
    const gone = [...drained.flatMap((d) => d.delete), ...this.#deletes];
    for (const { sealed, covers, sent } of this.#posts.splice(0)) {
      const [key, value] = this.#outbox.add(sealed, covers);
      if (sent !== undefined) this.#whenSent.set(key, sent);
      put.push([key, value]);
      this.#unsent.push(key);
    }
    this.#puts = new Map();
    this.#deletes = new Set();
    if (put.length === 0 && gone.length === 0 && this.#writeFailed === undefined) return undefined;
    return this.#write({ put, delete: gone });
  }

  async #write(batch: Batch): Promise<void> {
    const undurable = [...this.#undurable];
    const { posted } = this.#record;
    await this.#surroundings.records.commit(batch);
    this.#writeFailed = undefined;
    this.#durablyPosted = posted;
    for (const update of undurable) this.#undurable.delete(update);
    const keys = this.#unsent.splice(0);
    const posts = keys.map((key) => this.#outbox.owed(key));
    for (const key of keys) this.#outbox.send(key);
    this.#follow();
    for (const sealed of posts) this.#direct.send(sealed);
    this.#surroundings.changed();
  }

  // ── what to tell ──

  /** Decides, after what arrived: joins, rotations, and what goes into the next batches. */
  #decide(): void {
    if (this.standing === 'member' && this.#record.joining !== undefined) this.#letIn();
    this.admissions.decide();
    this.#rotations.decide();
    this.#direct.decide();
    this.#telling.fill();
  }

  /** One has become a member: everything that one wrote while waiting goes out once more, under the room's own epoch. */
  #letIn(): void {
    this.#record.joining = undefined;
    this.#record.refusal = '';
    this.#record.posted = undefined;
    this.#keepRecord();
    this.#telling.receiptSoon(true);
  }

  /** Of what is durable here, all that the mailboxes do not hold yet. */
  #owed(): (readonly Sealed[])[] {
    const keys = this.#outbox.keys().filter((key) => !this.#unsent.includes(key));
    return keys.map((key) => this.#outbox.owed(key));
  }

  #sent(key: string): void {
    this.#whenSent.get(key)?.();
    this.#whenSent.delete(key);
    this.#surroundings.changed();
    this.wake();
  }

  /** What waits for an address goes there no more. */
  #retract(address: Address, onlyOwn: boolean): void {
    const seeds = topics(address).map(({ topic }) => topic.seed);
    const { keys, lost } = this.#outbox.retract(seeds, onlyOwn);
    for (const key of keys) {
      this.#whenSent.delete(key);
      this.#deletes.add(key);
    }
    if (lost === undefined) return;
    this.#record.posted = lost.after && wireHead(lost.after);
    this.#keepRecord();
    this.#telling.tellAllAnew();
    this.#telling.receiptSoon(true);
  }

  // ── small things ──

  #show(record: EntryRecord): void {
    const author = this.personaOf(record.device);
    if (author === undefined) return;
    this.#updates.set(record.id, record.update);
    const refused = this.#surroundings.fold.add(record, author);
    if (refused !== undefined) this.#count(`entry-${refused.refused}`);
  }

  #follow(): void {
    const reads = this.standing === 'member' || this.#record.joining !== undefined;
    this.#following.set(reads ? [...this.#rotations.addresses(), ...this.admissions.addresses()] : []);
  }

  #refuse(refusal: string): void {
    this.#record.refusal = refusal;
    this.#keepRecord();
    this.#surroundings.changed();
  }

  #keepRecord(): void {
    this.#puts.set('m/room', encode(RoomRecordSchema, this.#record));
  }

  #count(word: string): void {
    this.#surroundings.counters.count(word);
  }
}
