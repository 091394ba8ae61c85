/**
 * The client's side of circuits (docs/protocol.md §4.1): telescopes them hop by hop over a link to the guard, and asks a neighbour to
 * describe itself.
 *
 *   build   CREATE ─► hop 1 ─► CREATED    EXTEND ─► hop 1 ─► CREATE ─► hop 2 ─► CREATED ─► EXTENDED …
 */
import {
  Counters,
  idBytes,
  isRefusal,
  patiently,
  refuse,
  type Bytes,
  type Clock,
  type Random,
  type Refusal,
  type RelayId,
} from '../base/index.ts';
import { createHop, sha256, wipeHop, type HopAttempt } from '../crypto/index.ts';
import type { Descriptor } from '../directory/index.ts';
import { ControlType, type CellLink, type LinkHandler } from '../link/index.ts';
import { freeCircuitId } from './circuit-id.ts';
import { MessageKind, type Circuit } from './circuit.ts';
import { ClientCircuit } from './client-circuit.ts';
import { longestDelay } from './conversation.ts';
import { DELAY_MEANS, decodeDestroy, decodeParamsBack, encodeExtend, encodeParamsOut, type DelayClass } from './layouts.ts';

export interface TimeSample {
  readonly relay: RelayId;
  /** The relay's UTC seconds. */
  readonly seconds: number;
  /** How long its answer took, ms: how far off the sample may be. */
  readonly roundTrip: number;
}

export interface CircuitClientOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly counters?: Counters;
  /** Every CREATED tells the time (docs/protocol.md §1). */
  time?(sample: TimeSample): void;
  /** ms for each hop, beside what the mix may add; and for DESCRIBE. */
  readonly hopTimeout?: number;
}

export interface BuildOptions {
  /** 1 (balanced) when not given. */
  readonly delayClass?: DelayClass;
  readonly signal?: AbortSignal;
}

/** A circuit that did not come to stand. `hop` is the place in the path, from 0, of the relay that did not answer well. */
export class BuildFailed extends Error {
  override readonly name = 'BuildFailed';
  readonly hop: number;

  constructor(hop: number, why: string) {
    super(`the circuit could not be built: hop ${hop + 1}: ${why}`);
    this.hop = hop;
  }
}

interface Building {
  readonly circuit: ClientCircuit;
  created: ((payload: Bytes) => void) | undefined;
}

const HOP_TIMEOUT = 6_000;
/** More at once a link's other side would refuse. */
const MOST_BUILDING = 64;

export class CircuitClient implements LinkHandler {
  readonly counters: Counters;
  readonly #options: CircuitClientOptions;
  readonly #links = new Map<CellLink, Map<number, Building>>();
  readonly #describing = new Map<CellLink, ((descriptor: Bytes | undefined) => void)[]>();

  constructor(options: CircuitClientOptions) {
    this.#options = options;
    this.counters = options.counters ?? new Counters();
  }

  /** Builds a circuit along `path`, whose first relay is at the other end of `link`. Rejects with BuildFailed. Throws RangeError for an empty path or one that names a relay twice. */
  async build(path: readonly Descriptor[], link: CellLink, { delayClass = 1, signal }: BuildOptions = {}): Promise<Circuit> {
    const ids = path.map(({ id }) => id);
    if (path.length === 0 || new Set(ids).size !== ids.length) throw new RangeError('path: want one relay or more, none of them twice');
    const building = this.#begin(link, ids, delayClass);
    const { circuit } = building;
    const giveUp = (): void => circuit.giveUp();
    signal?.addEventListener('abort', giveUp);
    try {
      for (const relay of path) await this.#addHop(building, relay, delayClass);
    } catch (error) {
      circuit.giveUp();
      if (error instanceof BuildFailed) throw error;
      throw new BuildFailed(circuit.unreached ?? circuit.length, error instanceof Error ? error.message : 'it closed');
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    // The first cell says to the last hop that the circuit stands; its answer is the first round trip.
    circuit.ping().catch(() => undefined);
    return circuit;
  }

  /** Asks the neighbour for its own signed descriptor. Rejects when none comes in time. */
  describe(link: CellLink): Promise<Bytes> {
    return new Promise((resolve, reject) => {
      const waiting = this.#describing.get(link);
      if (waiting === undefined || link.closed) {
        reject(new Error('describe: the link has closed; dial again'));
        return;
      }
      const settle = (descriptor: Bytes | undefined): void => {
        cancel();
        if (descriptor === undefined) reject(new Error('the relay did not describe itself'));
        else resolve(descriptor);
      };
      const cancel = patiently(this.#options.clock, this.#options.hopTimeout ?? HOP_TIMEOUT, () => {
        waiting.splice(waiting.indexOf(settle), 1);
        settle(undefined);
      });
      waiting.push(settle);
      link.sendControl(ControlType.DESCRIBE, 0, new Uint8Array(0));
    });
  }

  opened(link: CellLink): void {
    this.#links.set(link, new Map());
    this.#describing.set(link, []);
  }

  cell(link: CellLink, id: number, counter: number, cell: Bytes): void {
    const found = this.#links.get(link)?.get(id);
    if (found === undefined) this.counters.count('unknown-circuit');
    else found.circuit.receive(counter, cell);
  }

  control(link: CellLink, type: ControlType, id: number, payload: Bytes): void {
    const found = this.#links.get(link)?.get(id);
    if (type === ControlType.DESCRIPTOR && id === 0) this.#described(link, payload);
    else if (type === ControlType.CREATED && found?.created !== undefined) found.created(payload);
    else if (type === ControlType.DESTROY && found !== undefined) this.#destroyed(found.circuit, payload);
    else this.counters.count('control-unasked');
  }

  closed(link: CellLink, why: string): void {
    for (const { circuit } of [...(this.#links.get(link)?.values() ?? [])]) circuit.unlinked(why);
    for (const settle of this.#describing.get(link) ?? []) settle(undefined);
    this.#links.delete(link);
    this.#describing.delete(link);
  }

  #described(link: CellLink, payload: Bytes): void {
    const settle = this.#describing.get(link)?.shift();
    if (settle === undefined) this.counters.count('control-unasked');
    else settle(payload);
  }

  #destroyed(circuit: ClientCircuit, payload: Bytes): void {
    const reason = decodeDestroy(payload);
    if (isRefusal(reason)) this.counters.count(reason.refused);
    else circuit.destroyed(reason);
  }

  #begin(link: CellLink, path: readonly RelayId[], delayClass: DelayClass): Building {
    const circuits = this.#links.get(link);
    if (circuits === undefined || link.closed) throw new BuildFailed(0, 'the link has closed');
    if ([...circuits.values()].filter(({ circuit }) => circuit.length < circuit.path.length).length >= MOST_BUILDING)
      throw new BuildFailed(0, 'too many circuits are being built on this link');
    const { clock } = this.#options;
    const id = freeCircuitId(link, circuits, this.#options.random);
    const circuit = new ClientCircuit({
      link,
      id,
      path,
      delayMean: DELAY_MEANS[delayClass],
      clock,
      counters: this.counters,
      ended: () => circuits.delete(id),
    });
    const building: Building = { circuit, created: undefined };
    circuits.set(id, building);
    return building;
  }

  async #addHop(building: Building, relay: Descriptor, delayClass: DelayClass): Promise<void> {
    const { circuit } = building;
    const { clock, random } = this.#options;
    const from = clock.now();
    const { suite, onionKey } = relay;
    const target = { relay: idBytes(relay.id), keyId: sha256(onionKey).subarray(0, 8), onionKey, suite };
    const attempt = createHop(target, encodeParamsOut({ delayClass }), random);
    if (isRefusal(attempt)) throw new BuildFailed(circuit.length, attempt.refused);
    const patience = (this.#options.hopTimeout ?? HOP_TIMEOUT) + 2 * longestDelay(circuit.length, DELAY_MEANS[delayClass]);
    const cancel = patiently(clock, patience, () => circuit.giveUp());
    try {
      const created =
        circuit.length === 0 ? await this.#create(building, attempt.create) : await this.#extend(circuit, relay.id, attempt.create);
      const seconds = this.#finish(circuit, attempt, created);
      if (isRefusal(seconds)) {
        circuit.fail(seconds);
        throw new BuildFailed(circuit.length, seconds.refused);
      }
      this.#options.time?.({ relay: relay.id, seconds, roundTrip: clock.now() - from });
    } finally {
      cancel();
      attempt.wipe();
    }
  }

  /** The relay's UTC seconds, when its answer is right. */
  #finish(circuit: ClientCircuit, attempt: HopAttempt, created: Bytes): number | Refusal {
    const hop = attempt.finish(created);
    if (isRefusal(hop)) return hop;
    const params = decodeParamsBack(hop.params);
    if (isRefusal(params) || circuit.closed) {
      wipeHop(hop);
      return isRefusal(params) ? params : refuse('closed-while-building');
    }
    circuit.addHop(hop, params.window);
    return params.time;
  }

  #create(building: Building, create: Bytes): Promise<Bytes> {
    return new Promise((resolve, reject) => {
      building.circuit.onClosed = (why) => reject(new BuildFailed(0, why));
      building.created = (payload) => {
        building.created = undefined;
        building.circuit.onClosed = () => undefined;
        resolve(payload);
      };
      building.circuit.start(create);
    });
  }

  async #extend(circuit: ClientCircuit, relay: RelayId, create: Bytes): Promise<Bytes> {
    const { kind, body } = await circuit.extend(encodeExtend({ relay, create }));
    if (kind !== MessageKind.EXTENDED) throw new BuildFailed(circuit.length, 'the relay before it refused to extend');
    return body;
  }
}
