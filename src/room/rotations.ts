/**
 * The room's epochs (docs/protocol.md §8.2): which to write under, when a new one is due and who makes it, which addresses are read.
 *
 *   members changed ─────────────────────────────┐
 *   a mailbox of the address is dead, and owed ──┴─► by rank ──► a new epoch at a new address ──► all heard there: the old one is closed
 */
import { deviceId, hash, idBytes, isRefusal, type Bytes, type DeviceId, type Hash, type RelayId } from '../base/index.ts';
import { MAX_PARENTS, MAX_SLICES, type Address, type Epoch, type KeysetOf, type Rotation } from '../keyring/index.ts';
import { chooseEpoch, rank, type EpochChoice } from './epochs.ts';
import type { Work } from './work.ts';

/** Old epochs are read for 14 days at most, ms. */
const OLDEST = 14 * 24 * 3_600_000;
/** What several members could do is done by the first in rank, by each other this much later, ms. */
const RANK_PAUSE = 2_000;
const LONGEST_RANK_PAUSE = 30_000;
/** Whoever was shut out of an epoch makes another one after so long, in which a better one may have come, ms. */
const SHUT_OUT_PAUSE = 2_000;

export const rankPause = (place: number): number => Math.min(place * RANK_PAUSE, LONGEST_RANK_PAUSE);
/** Joiners' own epochs that are read here until the joiner writes under the room's: "j/<epoch>" → device. */
const JOINS = 'j/';

/** Rotations of the last so many ms are counted; so many of them are nothing unusual. */
const LATELY = 30_000;
const USUAL = 2;
const MOST_DOUBLINGS = 4;

export class Rotations {
  readonly #work: Work;
  /** Devices heard under an epoch in this run: once all are, what came before it is closed. */
  readonly #heard = new Map<Hash, Set<DeviceId>>();
  readonly #joins = new Map<Hash, DeviceId>();
  /** Epochs that hold this device and that it could not open, with what they follow. */
  readonly #shutOut = new Map<Hash, readonly Hash[]>();
  readonly #deceivers = new Set<DeviceId>();
  #dueNow = false;
  /** The others go on under an epoch that could not be opened here. */
  #isShutOut = false;

  constructor(work: Work) {
    this.#work = work;
    for (const [key, device] of work.surroundings.records.entries(JOINS))
      this.#joins.set(key.slice(JOINS.length) as Hash, deviceId(device));
  }

  /** The members' devices, the most senior first: as many as an epoch holds. */
  memberDevices(): DeviceId[] {
    const { members } = this.#work.parts.log.state();
    return [...members.values()].flatMap(({ identity }) => identity.map(({ device }) => device)).slice(0, MAX_SLICES + 1);
  }

  /** Devices that have signed an epoch whose keys, as given to this one, are not those of the others. */
  get deceivers(): readonly DeviceId[] {
    return [...this.#deceivers];
  }

  rankAmong(devices: readonly DeviceId[], occasion: Uint8Array): number {
    return rank(this.#work.parts.me, devices, occasion);
  }

  /** The epoch to seal under now: the room's own for a member, the joiner's own while it waits. */
  writeUnder(): Hash | undefined {
    const { joining } = this.#work.record;
    if (this.#isMember()) return this.#choice().writeUnder;
    return joining === undefined ? undefined : hash(joining.epoch);
  }

  /** The deepest epoch, whoever it holds: for the news that shuts somebody out. */
  writeUnderBefore(): Hash | undefined {
    const epochs = this.#roomEpochs();
    return chooseEpoch(epochs, new Set(epochs.flatMap((epoch) => epoch.devices))).writeUnder;
  }

  /** Every address that is read: first where is written now, then the others, the newest first. */
  addresses(): Address[] {
    const { joining } = this.#work.record;
    const own = joining && hash(joining.epoch);
    const { writeUnder, heads } = this.#choice();
    const first = (epoch: Epoch): number =>
      epoch.id === own || epoch.id === writeUnder ? 0 : heads.includes(epoch.id) || epoch.join ? 1 : 2;
    return this.#epochs()
      .filter((epoch) => !epoch.join || epoch.id === own || this.#joins.has(epoch.id))
      .toReversed()
      .toSorted((a, b) => first(a) - first(b))
      .flatMap(({ address }) => [address, ...this.#sparesOf(address)]);
  }

  /** Where the way to the next address is looked for when both mailboxes of one are dead. */
  #sparesOf(address: Address): Address[] {
    const other = address.mailboxes.every((mailbox) => this.#isOfNoUse(mailbox)) ? this.#work.surroundings.spares(address) : undefined;
    return other === undefined ? [] : [other];
  }

  /** A joiner has been let in: what it wrote under its own epoch is read from now on. */
  followJoin(epoch: Hash, joiner: DeviceId): void {
    this.#joins.set(epoch, joiner);
    this.#work.put(JOINS + epoch, idBytes(joiner));
  }

  /** This device let the joiner in, and still reads what it writes under its own epoch. */
  readsJoin(epoch: Hash): boolean {
    return this.#joins.has(epoch);
  }

  /** A device has written under an epoch, so it no longer writes under those before it. */
  heard(epoch: Hash, device: DeviceId): void {
    const heard = this.#heard.get(epoch) ?? new Set();
    heard.add(device);
    this.#heard.set(epoch, heard);
  }

  /** Reads a rotation: the epoch is open, or it is not for this device, or it is refused (and counted). */
  take(frame: Uint8Array, keysetOf: KeysetOf): Rotation | 'unknown-author' | 'refused' {
    const { parts, surroundings } = this.#work;
    const rotation = parts.keyring.readRotate(frame, keysetOf);
    if (isRefusal(rotation)) {
      surroundings.counters.count(`rotation-${rotation.refused}`);
      return rotation.refused === 'unknown-author' ? 'unknown-author' : 'refused';
    }
    if (!rotation.mine) this.#notMine(rotation);
    return rotation;
  }

  /** A rotation holds this device, and does not open: without a word the others would go on where this one cannot follow. */
  #notMine({ epoch, parents, author, why = 'no-slice' }: Rotation): void {
    if (why === 'no-slice' || why === 'closed') return;
    this.#work.surroundings.counters.count(`rotation-${why}`);
    if (why !== 'no-prekey') this.#deceivers.add(author);
    this.#shutOut.set(epoch, parents);
    this.#work.later('shut-out', SHUT_OUT_PAUSE, () => {
      const { heads } = this.#choice();
      // What follows nothing that is written under here any more has been overtaken.
      this.#isShutOut ||= [...this.#shutOut.values()].some((followed) => followed.some((head) => heads.includes(head)));
      this.#shutOut.clear();
      this.#work.wake();
    });
  }

  /** A rotation is due by one's own doing: it is not left to the others. */
  rotateNow(): void {
    this.#dueNow = true;
  }

  decide(): void {
    this.#closeOld();
    if (!this.#isMember()) return;
    if (!this.#isDue() && !this.#isShutOut) {
      this.#dueNow = false;
      this.#work.notLater('rotate');
      return;
    }
    if (this.#dueNow || this.#isShutOut) {
      this.rotate();
      return;
    }
    const place = this.rankAmong(this.memberDevices(), idBytes(this.#work.parts.log.state().memberSetHash));
    this.#work.later('rotate', rankPause(place + 1) * this.#patience(), () => {
      this.#dueNow = this.#isMember() && this.#isDue();
      this.#work.wake();
    });
  }

  /**
   * How much longer than usual to wait for those who come before. A rotation that takes longer to come than their turns are apart
   * is made once more by the next in turn, and both are a reason for a third: each that came just now doubles the pause.
   */
  #patience(): number {
    const since = this.#work.surroundings.networkTime() - LATELY;
    const lately = this.#roomEpochs().filter(({ openedAt }) => openedAt > since).length;
    return 2 ** Math.min(Math.max(lately - USUAL, 0), MOST_DOUBLINGS);
  }

  #isDue(): boolean {
    const { rotationDue, writeUnder } = this.#choice();
    return rotationDue || this.#isLame(this.#roomEpochs().find(({ id }) => id === writeUnder));
  }

  /** There is something to say that a mailbox of the address will not take, or one that will not keep it, and others would. */
  #isLame(epoch: Epoch | undefined): boolean {
    const { isDead, avoids, pickMailboxes } = this.#work.surroundings;
    const isLost = (mailbox: RelayId): boolean =>
      avoids(mailbox) || (isDead(mailbox) && epoch !== undefined && this.#work.owes(epoch.address, mailbox));
    const lame = epoch?.address.mailboxes.some(isLost) === true;
    return lame && !pickMailboxes().some((mailbox) => this.#isOfNoUse(mailbox));
  }

  #isOfNoUse(mailbox: RelayId): boolean {
    const { isDead, avoids } = this.#work.surroundings;
    return isDead(mailbox) || avoids(mailbox);
  }

  /** Makes the next epoch, with a new address, for the members as this device knows them; its frame is posted wherever one of them reads. */
  rotate(): { readonly epoch: Hash; readonly frame: Bytes } {
    const { parts, surroundings, acknowledged } = this.#work;
    const state = parts.log.state();
    const devices = this.memberDevices();
    const members = [...state.members.values()]
      .flatMap(({ identity, prekey }) => identity.map(({ device }) => ({ device, prekey: acknowledged.prekeyOf(device) ?? prekey })))
      .filter(({ device }) => devices.includes(device));
    // Of more heads than a rotation can follow, the next one follows the rest.
    const parents = this.#choice().heads.toSorted().slice(0, MAX_PARENTS);
    const before = this.#reaching(parents, devices);
    const address = { secret: surroundings.random.bytes(32), mailboxes: surroundings.pickMailboxes() };
    const prekey = parts.keyring.newPrekey();
    const made = parts.keyring.rotate({
      parents,
      address,
      members,
      memberSet: state.memberSetHash,
      prekey,
      sign: (purpose, body) => parts.persona.sign(purpose, body),
    });
    const posted = (): void => parts.keyring.prekeyPosted(prekey, surroundings.networkTime());
    for (const address of before.flatMap((epoch) => this.#placesOf(epoch.address)))
      this.#work.post(parts.keyring.sealRotation(address, made.frame), posted);
    this.#dueNow = false;
    this.#isShutOut = false;
    return made;
  }

  /** An address, and its spares when one of its mailboxes is dead: whoever comes back when the other is dead too finds the way there. */
  #placesOf(address: Address): Address[] {
    const other = address.mailboxes.some((mailbox) => this.#isOfNoUse(mailbox)) ? this.#work.surroundings.spares(address) : undefined;
    return other === undefined ? [address] : [address, other];
  }

  /**
   * The heads, and for a member whom none of them holds the newest epoch that does: whoever made a head may not have known yet that
   * this member was let in.
   */
  #reaching(heads: readonly Hash[], devices: readonly DeviceId[]): Epoch[] {
    const epochs = this.#roomEpochs();
    const reaching = new Set(epochs.filter((epoch) => heads.includes(epoch.id)));
    for (const device of devices) {
      const holds = (epoch: Epoch): boolean => epoch.devices.includes(device);
      const newest = [...reaching].some(holds) ? undefined : epochs.findLast(holds);
      if (newest !== undefined) reaching.add(newest);
    }
    return [...reaching];
  }

  #isMember(): boolean {
    return this.#work.parts.log.state().members.has(this.#work.parts.persona.id);
  }

  #epochs(): readonly Epoch[] {
    return this.#work.parts.keyring.epochs();
  }

  #roomEpochs(): Epoch[] {
    return this.#epochs().filter((epoch) => !epoch.join);
  }

  #choice(): EpochChoice {
    return chooseEpoch(this.#roomEpochs(), new Set(this.memberDevices()));
  }

  /** Closes what came before an epoch under which every other device has been heard, unless it left somebody out; and what is too old. */
  #closeOld(): void {
    const { parts, surroundings } = this.#work;
    const { writeUnder, heads } = this.#choice();
    const newest = this.#epochs().find((epoch) => epoch.id === writeUnder);
    if (newest === undefined) return;
    const heard = this.#heard.get(newest.id);
    const all = newest.devices.every((device) => device === parts.me || heard?.has(device) === true);
    const members = this.memberDevices();
    // A device of which the log has not heard may be a member all the same: its admission is still on the way.
    const isLeftOut = (device: DeviceId): boolean =>
      !newest.devices.includes(device) && (members.includes(device) || (device !== parts.me && parts.log.personaOf(device) === undefined));
    for (const epoch of this.#roomEpochs()) {
      const old = surroundings.networkTime() - epoch.openedAt > OLDEST;
      const done = all && !epoch.devices.some((device) => isLeftOut(device));
      if (heads.includes(epoch.id) || epoch === newest) continue;
      if (done || old) parts.keyring.close(epoch.id);
      // What nobody will take there, or nobody reads there any more, is told under the newest.
      const isDeaf = epoch.address.mailboxes.every(surroundings.isDead) && !newest.address.mailboxes.every(surroundings.isDead);
      if (done || old || isDeaf) this.#work.retract(epoch.address, !done && !old);
    }
    for (const [epoch, joiner] of this.#joins) if (heard?.has(joiner) === true) this.#dropJoin(epoch);
  }

  #dropJoin(epoch: Hash): void {
    this.#joins.delete(epoch);
    this.#work.remove(JOINS + epoch);
    const address = this.#epochs().find(({ id }) => id === epoch)?.address;
    if (address !== undefined) this.#work.retract(address, false);
    this.#work.parts.keyring.close(epoch);
  }
}
