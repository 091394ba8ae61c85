/**
 * Answers to those who tell what they hold (docs/protocol.md §8.4): whoever has more sends it, the first in rank at once.
 *
 *   State ──► rank × 2 s ──► what they lack, less what somebody has told meanwhile where they read it
 */
import { hash, idBytes, isRefusal, toHex, type Bytes, type DeviceId, type Hash } from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';
import type { Head } from '../replica/index.ts';
import type { State } from '../wire/index.ts';
import type { Admissions } from './admissions.ts';
import { furthest, readHeads } from './heads.ts';
import { rankPause, type Rotations } from './rotations.ts';
import type { Telling } from './telling.ts';
import type { Work } from './work.ts';

const nameOf = (element: Uint8Array): string => toHex(sha256(element));

export class Answers {
  readonly #work: Work;
  readonly #rotations: Rotations;
  readonly #admissions: Admissions;
  readonly #telling: Telling;
  /** What the others said that they hold. */
  readonly #theirs = new Map<DeviceId, { readonly heads: readonly Head[]; readonly operations: readonly Hash[] }>();
  /** Of each device that waits for an answer, what it has been told since it asked: hashes of updates and operations as carried. */
  readonly #told = new Map<DeviceId, Set<string>>();

  constructor(work: Work, rotations: Rotations, admissions: Admissions, telling: Telling) {
    this.#work = work;
    this.#rotations = rotations;
    this.#admissions = admissions;
    this.#telling = telling;
  }

  /** A device's receipt said so. What was said later may come earlier, and nobody holds less than before. */
  holds(device: DeviceId, heads: readonly Head[]): void {
    const before = this.#theirs.get(device);
    this.#theirs.set(device, { heads: furthest(before?.heads ?? [], heads), operations: before?.operations ?? [] });
  }

  /** Somebody tells what they hold, and so asks for what they lack. False: it is malformed. */
  asked(device: DeviceId, state: State): boolean {
    const heads = readHeads(state.heads);
    if (isRefusal(heads) || state.operations.some((id) => id.length !== 32)) return false;
    const { parts } = this.#work;
    const operations = state.operations.map(hash);
    this.holds(device, heads);
    this.#theirs.set(device, { heads: this.#theirs.get(device)?.heads ?? heads, operations });
    if (parts.replica.gaps(heads) || operations.some((id) => !parts.log.has(id))) this.#telling.announce();
    if (!this.#told.has(device)) this.#told.set(device, new Set());
    const others = this.#rotations.memberDevices().filter((other) => other !== device);
    this.#work.later(`answer/${device}`, rankPause(this.#rotations.rankAmong(others, idBytes(device))), () => {
      this.#answer(device);
      this.#work.wake();
    });
    return true;
  }

  /** Somebody has told these, under an epoch: whoever reads it and waits for an answer has them from there. */
  told(epoch: Hash | undefined, elements: readonly Uint8Array[]): void {
    if (this.#told.size === 0 || elements.length === 0) return;
    const readers = this.#work.parts.keyring.epochs().find(({ id }) => id === epoch)?.devices ?? [];
    const waiting = readers.flatMap((device) => this.#told.get(device) ?? []);
    if (waiting.length === 0) return;
    for (const name of elements.map(nameOf)) for (const told of waiting) told.add(name);
  }

  #answer(device: DeviceId): void {
    const theirs = this.#theirs.get(device);
    const told = this.#told.get(device);
    this.#told.delete(device);
    const { parts, standing } = this.#work;
    const persona = parts.log.personaOf(device);
    if (theirs === undefined || persona === undefined || standing() !== 'member') return;
    const untold = (elements: readonly Bytes[]): Bytes[] => elements.filter((element) => told?.has(nameOf(element)) !== true);
    const operations = untold(parts.log.missing(theirs.operations));
    const updates = untold(parts.replica.missing(theirs.heads, this.#admissions.historySince(persona)));
    this.#telling.tell(operations, updates);
    this.told(this.#rotations.writeUnder(), [...operations, ...updates]);
  }
}
