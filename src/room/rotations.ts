/**
 * The room's epochs (docs/protocol.md §8.2): which to write under, when a new one is due and who makes it, which addresses are read.
 */
import { idBytes, isRefusal, type DeviceId, type Hash } from '../base/index.ts';
import type { Address } from '../keyring/index.ts';
import { chooseEpoch, rank, type EpochChoice } from './epochs.ts';
import type { Work } from './work.ts';

/** Old epochs are read for 14 days at most, ms. */
const OLDEST = 14 * 24 * 3_600_000;
const RANK_PAUSE = 2_000;
const LONGEST_RANK_PAUSE = 30_000;

export class Rotations {
  readonly #work: Work;
  /** Devices heard under an epoch in this run: once all are, what came before it is closed. */
  readonly #heard = new Map<Hash, Set<DeviceId>>();
  #dueNow = false;
  #timer = false;

  constructor(work: Work) {
    this.#work = work;
  }

  memberDevices(): DeviceId[] {
    return [...this.#work.parts.log.state().members.values()].flatMap((member) => member.identity.map((identity) => identity.device));
  }

  rankAmong(devices: readonly DeviceId[], occasion: Uint8Array): number {
    return rank(this.#work.parts.me, devices, occasion);
  }

  /** The epoch to seal under now: the room's own for a member, the joiner's own while it waits. */
  writeUnder(): Hash | undefined {
    const { joining } = this.#work.record;
    if (this.#isMember()) return this.#choice().writeUnder;
    return joining === undefined ? undefined : this.#work.parts.keyring.epochs().find((epoch) => epoch.join)?.id;
  }

  /** The deepest epoch, whoever it holds: for the news that shuts somebody out. */
  writeUnderBefore(): Hash | undefined {
    return chooseEpoch(this.#roomEpochs(), new Set(this.#roomEpochs().flatMap((epoch) => epoch.devices))).writeUnder;
  }

  /** Every address that is read. */
  addresses(): Address[] {
    return this.#work.parts.keyring
      .epochs()
      .filter((epoch) => !epoch.join || this.#work.isFollowedJoin(epoch.id))
      .map((epoch) => epoch.address);
  }

  /** A device has written under an epoch, so it no longer writes under those before it. */
  heard(epoch: Hash, device: DeviceId): void {
    const heard = this.#heard.get(epoch) ?? new Set();
    heard.add(device);
    this.#heard.set(epoch, heard);
  }

  /** Reads a rotation: opened, or not for this device, or refused (and counted). */
  take(frame: Uint8Array): 'opened' | 'unknown-author' | 'no' {
    const { parts, surroundings } = this.#work;
    const rotation = parts.keyring.readRotate(frame, (device) => this.#work.keysetOf(device));
    if (isRefusal(rotation)) {
      surroundings.counters.count(`rotation-${rotation.refused}`);
      return rotation.refused === 'unknown-author' ? 'unknown-author' : 'no';
    }
    if (!rotation.mine) return 'no';
    return 'opened';
  }

  /** A rotation is due by one's own doing: it is not left to the others. */
  rotateNow(): void {
    this.#dueNow = true;
  }

  decide(): void {
    this.#closeOld();
    if (!this.#isMember()) return;
    const choice = this.#choice();
    if (!choice.rotationDue) {
      this.#dueNow = false;
      return;
    }
    if (this.#dueNow) return this.rotate();
    if (this.#timer) return;
    this.#timer = true;
    const place = this.rankAmong(this.memberDevices(), idBytes(this.#work.parts.log.state().memberSetHash));
    this.#work.later('rotate', Math.min((place + 1) * RANK_PAUSE, LONGEST_RANK_PAUSE), () => {
      this.#timer = false;
      this.#dueNow = this.#isMember() && this.#choice().rotationDue;
      this.#work.wake();
    });
  }

  /** Makes the next epoch, with a new address, for the members as this device knows them; returns its frame, posted at every head's address. */
  rotate(): { epoch: Hash; frame: Uint8Array } {
    const { parts, surroundings, acknowledged } = this.#work;
    const state = parts.log.state();
    const members = [...state.members.values()].flatMap((member) =>
      member.identity.map(({ device }) => ({ device, prekey: acknowledged.prekeyOf(device) ?? member.prekey })),
    );
    const parents = this.#choice().heads;
    const epochs = this.#roomEpochs().filter((epoch) => parents.includes(epoch.id));
    const address = { secret: surroundings.random.bytes(32), mailboxes: surroundings.pickMailboxes() };
    const made = parts.keyring.rotate({
      parents,
      address,
      members,
      memberSet: state.memberSetHash,
      sign: (purpose, body) => parts.persona.sign(purpose, body),
    });
    for (const epoch of epochs) this.#work.post(parts.keyring.sealRotation(epoch.address, made.frame));
    this.#dueNow = false;
    return made;
  }

  #isMember(): boolean {
    return this.#work.parts.log.state().members.has(this.#work.parts.persona.id);
  }

  #roomEpochs() {
    return this.#work.parts.keyring.epochs().filter((epoch) => !epoch.join);
  }

  #choice(): EpochChoice {
    return chooseEpoch(this.#roomEpochs(), new Set(this.memberDevices()));
  }

  /** Closes what came before an epoch under which every other device has been heard, and what is too old. */
  #closeOld(): void {
    const { parts, surroundings } = this.#work;
    const epochs = this.#roomEpochs();
    const current = this.#choice().writeUnder;
    const newest = epochs.find((epoch) => epoch.id === current);
    if (newest === undefined) return;
    const heard = this.#heard.get(newest.id);
    const all = newest.devices.every((device) => device === parts.me || heard?.has(device) === true);
    const heads = new Set(this.#choice().heads);
    for (const epoch of epochs) {
      const old = surroundings.networkTime() - epoch.openedAt > OLDEST;
      if (epoch.id !== newest.id && !heads.has(epoch.id) && (all || old)) parts.keyring.close(epoch.id);
    }
  }
}
