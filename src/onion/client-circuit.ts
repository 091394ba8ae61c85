/**
 * A circuit as its client has it (docs/protocol.md §4): one conversation for each hop, of which only the last goes on.
 *
 *   building: CREATE ─► hop 1, EXTEND ─► hop 2 … ──► open ──► closed (finished | destroyed | a rule broken)
 */
import { isRefusal, refuse, type Bytes, type Cancel, type Clock, type Counters, type Refusal, type RelayId } from '../base/index.ts';
import { decipherLayers, encipherLayers, wipeHop, type Hop as HopKeys } from '../crypto/index.ts';
import { ControlType, type CellLink } from '../link/index.ts';
import type { Incoming } from './assembler.ts';
import { openCell, setHeader } from './cell.ts';
import { CircuitClosed, MessageKind, type Circuit, type Message } from './circuit.ts';
import { Conversation, gapPatience, type CellOut } from './conversation.ts';
import { DestroyReason, destroyWords } from './layouts.ts';
import { Pump } from './pump.ts';
import { placeBackward, placeForward, type Handover } from './route.ts';

export interface ClientCircuitOptions {
  readonly link: CellLink;
  readonly id: number;
  readonly path: readonly RelayId[];
  readonly delayMean: number;
  readonly clock: Clock;
  readonly counters: Counters;
  /** The circuit's id on its link is free again. */
  ended(): void;
}

interface ClientHop {
  readonly keys: HopKeys;
  readonly conversation: Conversation;
  readonly pump: Pump;
}

interface Pending {
  resolve(message: Message): void;
  reject(error: CircuitClosed): void;
}

/** Before this a circuit's counters may not run out. */
const LAST_COUNTER = 0xffff_0000;
const PUSHED: ReadonlySet<MessageKind> = new Set([MessageKind.BLOB, MessageKind.CAUGHT_UP]);
const EMPTY = new Uint8Array(0);

export class ClientCircuit implements Circuit {
  readonly path: readonly RelayId[];
  onMessage: (message: Message) => void = () => undefined;
  onClosed: (why: string, blame: boolean) => void = () => undefined;
  readonly #options: ClientCircuitOptions;
  readonly #hops: ClientHop[] = [];
  readonly #handovers: Handover[] = [];
  /** Requests to the last hop, by number. */
  readonly #pending = new Map<number, Pending>();
  readonly #openedAt: number;
  #roundTrip: number | undefined;
  #gapCheck: Cancel | undefined;
  #unreached: number | undefined;
  #end: CircuitClosed | undefined;

  constructor(options: ClientCircuitOptions) {
    this.#options = options;
    this.path = options.path;
    this.#openedAt = options.clock.now();
  }

  get bind(): Bytes {
    const last = this.#hops.at(-1);
    if (last === undefined) throw new Error('circuit: no hop yet; wait for build');
    return last.keys.bind;
  }

  get unreached(): number | undefined {
    return this.#unreached;
  }

  get openedAt(): number {
    return this.#openedAt;
  }

  get roundTrip(): number | undefined {
    return this.#roundTrip;
  }

  get closed(): boolean {
    return this.#end !== undefined;
  }

  /** Hops that stand. */
  get length(): number {
    return this.#hops.length;
  }

  request(kind: MessageKind, body: Uint8Array): Promise<Message> {
    return new Promise((resolve, reject) => {
      const last = this.#hops.at(-1);
      if (this.#end !== undefined || last === undefined) {
        reject(this.#end ?? new CircuitClosed('the circuit has no hop yet'));
        return;
      }
      this.#pending.set(last.conversation.send(kind, body), { resolve, reject });
      last.pump.run();
    });
  }

  async ping(): Promise<number> {
    const from = this.#options.clock.now();
    const { kind, body } = await this.request(MessageKind.PING, EMPTY);
    if (kind !== MessageKind.PONG || body.length !== 0) {
      this.fail(refuse('pong'));
      throw this.#end ?? new CircuitClosed('the circuit has closed');
    }
    this.#roundTrip = this.#options.clock.now() - from;
    return this.#roundTrip;
  }

  drop(): void {
    const last = this.#hops.at(-1);
    if (this.closed || last === undefined) return;
    last.conversation.drop();
    last.pump.run();
  }

  close(): void {
    this.#finish(DestroyReason.FINISHED, 'finished', false);
  }

  /** Sends CREATE to the guard. bytes: 2410 or 3274, by suite */
  start(create: Uint8Array): void {
    this.#options.link.sendControl(ControlType.CREATE, this.#options.id, create);
  }

  /** The first hop answered, or the last one was extended. `window`: of its CREATED. */
  addHop(keys: HopKeys, window: number): void {
    const hop = this.#hops.length;
    const conversation = new Conversation(window);
    const pump = new Pump({ conversation, clock: this.#options.clock, link: this.#options.link, emit: (out) => this.#send(hop, out) });
    this.#hops.push({ keys, conversation, pump });
  }

  /** Asks the last hop to extend; resolves with the next one's CREATED. Nothing else is said to that hop any more. */
  async extend(body: Uint8Array): Promise<Message> {
    const last = this.#hops.at(-1);
    if (last === undefined) throw new Error('circuit: CREATE comes before EXTEND');
    last.conversation.mute();
    const answer = await this.request(MessageKind.EXTEND, body);
    last.pump.stop();
    this.#handovers.push({ f0: last.conversation.nextOut, b0: last.conversation.window.next });
    return answer;
  }

  /** A cell came from the guard. */
  receive(counter: number, cell: Bytes): void {
    if (this.closed) return;
    const { hop, tweaks } = placeBackward(this.#handovers, counter);
    const speaker = this.#hops[hop];
    if (speaker === undefined) {
      this.fail(refuse('cell-before-created'));
      return;
    }
    decipherLayers(
      cell,
      this.#hops.slice(0, hop + 1).map(({ keys }) => keys.backward),
      tweaks,
    );
    const opened = openCell(cell);
    const messages = isRefusal(opened) ? opened : speaker.conversation.receive(tweaks[hop] ?? counter, opened, this.#options.clock.now());
    if (isRefusal(messages)) {
      this.fail(messages);
      return;
    }
    for (const message of messages) this.#handle(hop, message);
    if (this.closed) return;
    speaker.pump.run();
    this.#watchGaps();
  }

  /** DESTROY came from the guard. A relay that ends circuits unasked, for whatever reason, counts against the path. */
  destroyed(reason: DestroyReason): void {
    this.#options.counters.count('circuit-destroyed');
    // The guard speaks of the one behind it: nobody passes a reason on.
    if (reason === DestroyReason.UNREACHABLE && this.path.length > 1) this.#unreached = 1;
    this.#finish(undefined, destroyWords(reason), true);
  }

  /** The link to the guard has gone. */
  unlinked(why: string): void {
    this.#finish(undefined, why, false);
  }

  /** Somebody on the path broke a rule (docs/protocol.md §3). */
  fail(refusal: Refusal): void {
    if (this.closed) return;
    this.#options.counters.count(refusal.refused);
    this.#finish(DestroyReason.VIOLATION, refusal.refused, true);
  }

  /** Ends a circuit that did not come to stand in time. */
  giveUp(): void {
    this.#finish(DestroyReason.TIMEOUT, destroyWords(DestroyReason.TIMEOUT), true);
  }

  #handle(hop: number, { kind, reply, id, body }: Incoming): void {
    if (this.closed) return;
    if (hop !== this.#hops.length - 1) {
      this.fail(refuse('message-of-extended-hop'));
    } else if (!reply) {
      if (PUSHED.has(kind)) this.onMessage({ kind, body });
      else this.fail(refuse('message-unasked'));
    } else {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (pending === undefined) this.fail(refuse('reply-unasked'));
      else pending.resolve({ kind, body });
    }
  }

  #send(hop: number, { counter: own, cell }: CellOut): void {
    const { counter, tweaks } = placeForward(this.#handovers, hop, own);
    const layers = this.#hops.slice(0, hop + 1).map(({ keys }) => keys.forward);
    encipherLayers(cell, layers, tweaks);
    setHeader(cell, this.#options.id, counter);
    this.#options.link.send(cell);
    if (counter >= LAST_COUNTER) this.close();
  }

  #watchGaps(): void {
    const since = this.#gapSince();
    if (since === undefined || this.#gapCheck !== undefined) return;
    const { clock, path, delayMean } = this.#options;
    const patience = gapPatience(path.length, delayMean);
    this.#gapCheck = clock.after(Math.max(0, since + patience - clock.now()), () => {
      this.#gapCheck = undefined;
      const still = this.#gapSince();
      if (still !== undefined && clock.now() - still >= patience) this.fail(refuse('gap'));
      else this.#watchGaps();
    });
  }

  #gapSince(): number | undefined {
    const gaps = this.#hops.map(({ conversation }) => conversation.window.gapSince).filter((since) => since !== undefined);
    return gaps.length === 0 ? undefined : Math.min(...gaps);
  }

  #finish(tell: DestroyReason | undefined, why: string, blame: boolean): void {
    if (this.#end !== undefined) return;
    this.#end = new CircuitClosed(`the circuit has closed: ${why}`);
    const { link, id, ended } = this.#options;
    if (tell !== undefined) link.sendControl(ControlType.DESTROY, id, Uint8Array.of(tell));
    this.#gapCheck?.();
    for (const { keys, pump } of this.#hops) {
      pump.stop();
      wipeHop(keys);
    }
    ended();
    for (const { reject } of this.#pending.values()) reject(this.#end);
    this.#pending.clear();
    this.onClosed(why, blame);
  }
}
