/**
 * A relay's part in circuits (docs/protocol.md §3, §4): answers CREATE, extends, passes cells on under one layer, and is the last hop
 * of some.
 *
 *   near link ──► cell ──► take a layer off ──┬─► mix ──► far link           forwarding
 *                                             └─► zeros? ──► messages        last
 *   near link ◄── mix ◄── put a layer on ◄─── far link, or own messages
 */
import { Counters, isRefusal, refuse, type Bytes, type Cancel } from '../base/index.ts';
import { createKeyId, decipherLayers, encipherLayers, suiteLengths, wipeHop, type Hop as HopKeys, type OnionKey } from '../crypto/index.ts';
import { ControlType, type CellLink, type LinkHandler } from '../link/index.ts';
import { openCell, setHeader } from './cell.ts';
import { CircuitTable } from './circuit-table.ts';
import { MessageKind, type ExitHandler } from './circuit.ts';
import { CreateQueue } from './create-queue.ts';
import { Conversation, gapPatience, longestDelay, type CellOut } from './conversation.ts';

import type { Incoming } from './assembler.ts';
import { hopLimits, type HopLimits, type HopOptions } from './hop-options.ts';
import { ExitSide } from './exit.ts';
import { farOf, windowsOf, type ExtendingStage, type ForwardingStage, type HopCircuit, type LastStage, type Side } from './hop-circuit.ts';
import {
  DELAY_MEANS,
  DestroyReason,
  RefusedCode,
  decodeDestroy,
  decodeExtend,
  decodeParamsOut,
  encodeParamsBack,
  encodeRefused,
} from './layouts.ts';
import { Pump } from './pump.ts';
import { ReplayWindow } from './replay-window.ts';

/** The most hops that a path has (docs/protocol.md §6): a relay does not know how many there are. */
const MOST_HOPS = 7;
const SWEEP_MS = 1000;
/** In balanced mode the cells that build a circuit of three are not delayed: EXTEND through the guard, and its EXTENDED. */
const UNDELAYED = { forward: 4, backward: 2 };

export class Hop implements LinkHandler {
  readonly counters: Counters;
  readonly #options: HopOptions;
  readonly #limits: HopLimits;
  readonly #exits = new Map<MessageKind, ExitHandler>();
  readonly #table: CircuitTable;
  readonly #creates: CreateQueue;
  #keys = 0;
  #waiting = 0;
  #sweep: Cancel | undefined;

  constructor(options: HopOptions) {
    this.#options = options;
    this.#limits = { ...hopLimits, ...options.limits };
    this.#table = new CircuitTable(this.#limits);
    this.#creates = new CreateQueue({
      clock: options.clock,
      perSecond: this.#limits.createsPerSecond,
      burst: this.#limits.createsAtOnce,
      inUse: (link) => this.#table.inUse(link),
      run: (link, id, create) => this.#answer(link, id, create),
    });
    this.counters = options.counters ?? new Counters();
    for (const exit of options.exits) for (const kind of exit.kinds) this.#exits.set(kind, exit);
  }

  /** How much of the bounds is in use. */
  load(): { readonly links: number; readonly circuits: number; readonly waiting: number } {
    return { links: this.#table.links, circuits: this.#table.size, waiting: this.#waiting };
  }

  /** Ends every circuit. */
  stop(): void {
    this.#creates.stop();
    for (const circuit of this.#table.all()) this.#destroy(circuit, DestroyReason.FINISHED);
  }

  opened(link: CellLink): void {
    this.#table.open(link);
  }

  closed(link: CellLink): void {
    this.#creates.forget(link);
    for (const circuit of this.#table.close(link)) this.#destroy(circuit, DestroyReason.UNREACHABLE);
  }

  control(link: CellLink, type: ControlType, circuit: number, payload: Bytes): void {
    if (type === ControlType.CREATE) this.#create(link, circuit, payload);
    else if (type === ControlType.CREATED) this.#created(link, circuit, payload);
    else if (type === ControlType.DESTROY) this.#destroyed(link, circuit, payload);
    else if (type === ControlType.DESCRIBE) this.#describe(link, circuit, payload);
    else this.counters.count('control-unasked');
  }

  cell(link: CellLink, id: number, counter: number, cell: Bytes): void {
    const circuit = this.#table.find({ link, id });
    // Cells that crossed a DESTROY on their way come here too.
    if (circuit === undefined) this.counters.count('unknown-circuit');
    else if (circuit.near.link === link && circuit.near.id === id) this.#forward(circuit, counter, cell);
    else this.#backward(circuit, counter, cell);
  }

  #create(link: CellLink, id: number, create: Bytes): void {
    if (!this.#table.mayGive(link, id) || this.#creates.has(link, id)) {
      this.counters.count('create-id');
      return;
    }
    if (this.#table.full(link, this.#creates.waiting(link))) {
      this.#refuseCreate(link, id, 'create-bound', DestroyReason.BOUND);
      return;
    }
    this.#creates.add(link, id, create);
  }

  #answer(link: CellLink, id: number, create: Bytes): void {
    const accepted = this.#accept(create);
    const params = isRefusal(accepted) ? accepted : decodeParamsOut(accepted.hop.params);
    if (isRefusal(accepted) || isRefusal(params)) {
      if (!isRefusal(accepted)) wipeHop(accepted.hop);
      this.#refuseCreate(link, id, isRefusal(accepted) ? accepted.refused : 'create-params', DestroyReason.REFUSED);
      return;
    }
    const circuit = this.#newCircuit({ link, id }, accepted.hop, params.delayClass);
    this.#options.tap?.event('create', { link: link.remote, circuit: id, key: circuit.key });
    link.sendControl(ControlType.CREATED, id, accepted.created);
  }

  #accept(create: Bytes): ReturnType<OnionKey['accept']> {
    const { onionKey, networkTime, random } = this.#options;
    const id = createKeyId(create);
    if (isRefusal(id)) return id;
    const back = encodeParamsBack({ time: networkTime(), window: this.#limits.window });
    return onionKey(id)?.accept(create, back, random) ?? refuse('create-key-id');
  }

  #newCircuit(near: Side, keys: HopKeys, delayClass: HopCircuit['delayClass']): HopCircuit {
    const key = this.#keys++;
    const conversation = new Conversation(this.#limits.window);
    const pump = new Pump({ conversation, clock: this.#options.clock, link: near.link, emit: (out) => this.#say(circuit, out) });
    const exit = new ExitSide({
      key,
      bind: keys.bind,
      conversation,
      pump,
      mostQueued: this.#limits.unsaidPerCircuit,
      overfull: () => this.#bound(circuit, 'unsaid-bound'),
      said: (kind, body) => this.#options.tap?.event('say', { key, kind, body }),
    });
    const circuit: HopCircuit = {
      key,
      near,
      keys,
      delayClass,
      since: this.#options.clock.now(),
      stage: { name: 'last', conversation, exit },
      proven: false,
      waiting: 0,
    };
    this.#table.add(near, circuit);
    this.counters.count('circuits-created');
    this.#armSweep();
    return circuit;
  }

  #refuseCreate(link: CellLink, id: number, word: string, reason: DestroyReason): void {
    this.counters.count(word);
    link.sendControl(ControlType.DESTROY, id, Uint8Array.of(reason));
  }

  #describe(link: CellLink, circuit: number, payload: Bytes): void {
    if (circuit !== 0 || payload.length !== 0) this.counters.count('describe-malformed');
    // A descriptor is eight cells for one: not for whoever does not read them.
    else if (link.queued > this.#limits.linkQueue / 4) this.counters.count('describe-bound');
    else link.sendControl(ControlType.DESCRIPTOR, 0, this.#options.descriptor());
  }

  #destroyed(link: CellLink, id: number, payload: Bytes): void {
    const circuit = this.#table.find({ link, id });
    const reason = decodeDestroy(payload);
    if (isRefusal(reason)) this.counters.count(reason.refused);
    else if (circuit !== undefined) this.#destroy(circuit, DestroyReason.PASSED_ON, link);
    else this.counters.count(this.#creates.withdraw(link, id) ? 'create-withdrawn' : 'unknown-circuit');
  }

  /** A cell from the client's side. */
  #forward(circuit: HopCircuit, counter: number, cell: Bytes): void {
    const { stage } = circuit;
    if (stage.name === 'closed') return;
    if (stage.name === 'extending') {
      this.#violation(circuit, 'cell-while-extending');
      return;
    }
    decipherLayers(cell, [circuit.keys.forward], [counter]);
    if (stage.name === 'last') this.#hear(circuit, stage, counter, cell);
    else this.#passForward(circuit, stage, counter, cell);
  }

  #passForward(circuit: HopCircuit, stage: ForwardingStage, counter: number, cell: Bytes): void {
    const refusal = stage.forward.accept(counter, this.#options.clock.now());
    if (refusal !== undefined) {
      this.#violation(circuit, refusal.refused);
      return;
    }
    const onward = counter - stage.f0;
    setHeader(cell, stage.far.id, onward);
    this.#pass(circuit, stage.far, cell, this.#delay(circuit, onward < UNDELAYED.forward));
  }

  /** A cell from the far side: it gets this hop's layer. */
  #backward(circuit: HopCircuit, counter: number, cell: Bytes): void {
    const { stage } = circuit;
    if (stage.name !== 'forwarding') {
      this.#violation(circuit, 'cell-before-created');
      return;
    }
    const refusal = stage.backward.accept(counter, this.#options.clock.now());
    if (refusal !== undefined) {
      this.#violation(circuit, refusal.refused);
      return;
    }
    const onward = counter + stage.b0;
    encipherLayers(cell, [circuit.keys.backward], [onward]);
    setHeader(cell, circuit.near.id, onward);
    this.#pass(circuit, circuit.near, cell, this.#delay(circuit, counter < UNDELAYED.backward));
  }

  /** The last hop opens a cell. */
  #hear(circuit: HopCircuit, stage: LastStage, counter: number, cell: Bytes): void {
    const opened = openCell(cell);
    const messages = isRefusal(opened) ? opened : stage.conversation.receive(counter, opened, this.#options.clock.now());
    if (isRefusal(messages)) {
      this.#violation(circuit, messages.refused);
      return;
    }
    circuit.proven = true;
    for (const message of messages) this.#handle(circuit, message);
    if (circuit.stage.name === 'last') stage.exit.pump.run();
  }

  #handle(circuit: HopCircuit, message: Incoming): void {
    const { stage } = circuit;
    if (stage.name === 'closed') return;
    if (stage.name !== 'last' || message.reply) {
      this.#violation(circuit, message.reply ? 'reply-unasked' : 'cell-while-extending');
      return;
    }
    this.#options.tap?.event('message', { key: circuit.key, kind: message.kind, id: message.id, body: message.body });
    const exit = this.#exits.get(message.kind);
    if (message.kind === MessageKind.EXTEND) this.#extend(circuit, stage, message);
    else if (message.kind === MessageKind.PING && message.body.length === 0)
      stage.exit.reply(message.id, MessageKind.PONG, new Uint8Array(0));
    else if (exit !== undefined) exit.message(stage.exit, message.id, message.kind, message.body);
    else {
      this.counters.count('kind-refused');
      stage.exit.reply(message.id, MessageKind.REFUSED, encodeRefused({ code: RefusedCode.UNKNOWN_KIND, retryAfter: 0 }));
    }
  }

  #extend(circuit: HopCircuit, stage: LastStage, message: Incoming): void {
    const extend = decodeExtend(message.body);
    if (isRefusal(extend)) {
      this.#violation(circuit, extend.refused);
      return;
    }
    const addresses = extend.relay === this.#options.self ? undefined : this.#options.addressesOf(extend.relay);
    if (addresses === undefined) {
      this.counters.count('extend-unknown');
      this.#destroy(circuit, DestroyReason.UNREACHABLE);
      return;
    }
    this.#options.tap?.event('extend', { key: circuit.key, relay: extend.relay, addresses: addresses.join(' ') });
    this.#endExit(stage);
    stage.conversation.mute();
    circuit.stage = {
      name: 'extending',
      conversation: stage.conversation,
      exit: stage.exit,
      request: message.id,
      suite: extend.suite,
      since: this.#options.clock.now(),
      far: undefined,
    };
    this.#options.dial(addresses).then(
      (link) => this.#dialled(circuit, link, extend.create),
      () => {
        this.counters.count('extend-unreachable');
        this.#destroy(circuit, DestroyReason.UNREACHABLE);
      },
    );
  }

  #dialled(circuit: HopCircuit, link: CellLink, create: Bytes): void {
    const { stage } = circuit;
    if (stage.name !== 'extending') return;
    if (link.closed) {
      this.#destroy(circuit, DestroyReason.UNREACHABLE);
      return;
    }
    if (this.#table.fullToExtend(link)) {
      this.#bound(circuit, 'extend-bound');
      return;
    }
    const far = { link, id: this.#table.freeId(link, this.#options.random) };
    this.#table.add(far, circuit);
    circuit.stage = { ...stage, far };
    link.sendControl(ControlType.CREATE, far.id, create);
  }

  #created(link: CellLink, id: number, created: Bytes): void {
    const circuit = this.#table.find({ link, id });
    const stage = circuit?.stage;
    if (circuit === undefined || stage?.name !== 'extending' || stage.far?.link !== link || stage.far.id !== id) {
      this.counters.count('created-unasked');
      return;
    }
    if (created.length !== suiteLengths[stage.suite].created) {
      this.#violation(circuit, 'created-length');
      return;
    }
    this.#extended(circuit, stage, stage.far, created);
  }

  /** EXTENDED is the last that this hop says: after it all counters belong to those further on. */
  #extended(circuit: HopCircuit, stage: ExtendingStage, far: Side, created: Bytes): void {
    const { conversation, exit } = stage;
    exit.pump.stop();
    conversation.reply(stage.request, MessageKind.EXTENDED, created);
    // Not by the pump: it may wait for the link, and b0 has to be known now.
    const now = this.#options.clock.now();
    for (let out = conversation.next(now); out !== undefined; out = conversation.next(now)) this.#say(circuit, out);
    if (conversation.queued > 0) {
      this.#violation(circuit, 'extend-without-credit');
      return;
    }
    if (circuit.stage.name !== 'extending') return;
    const f0 = conversation.window.next;
    circuit.stage = {
      name: 'forwarding',
      far,
      f0,
      b0: conversation.nextOut,
      forward: new ReplayWindow(undefined, f0),
      backward: new ReplayWindow(),
    };
  }

  /** A cell of this hop's own. */
  #say(circuit: HopCircuit, { counter, cell }: CellOut): void {
    encipherLayers(cell, [circuit.keys.backward], [counter]);
    setHeader(cell, circuit.near.id, counter);
    this.#pass(circuit, circuit.near, cell, this.#delay(circuit, circuit.stage.name === 'extending'));
  }

  #delay({ delayClass }: HopCircuit, building: boolean): number {
    return building && delayClass === 1 ? 0 : DELAY_MEANS[delayClass];
  }

  #pass(circuit: HopCircuit, to: Side, cell: Bytes, delayMean: number): void {
    if (
      circuit.waiting >= this.#limits.waitingPerCircuit ||
      this.#waiting >= this.#limits.waiting ||
      to.link.queued >= this.#limits.linkQueue
    ) {
      this.#bound(circuit, 'cells-bound');
      return;
    }
    circuit.waiting++;
    this.#waiting++;
    this.#options.sink.pass(delayMean, () => {
      circuit.waiting--;
      this.#waiting--;
      if (circuit.stage.name !== 'closed') to.link.send(cell);
    });
  }

  /** Somebody on the path broke a rule of §3: the circuit cannot go on. */
  #violation(circuit: HopCircuit, word: string): void {
    this.counters.count(word);
    this.#destroy(circuit, DestroyReason.VIOLATION);
  }

  #bound(circuit: HopCircuit, word: string): void {
    this.counters.count(word);
    this.#destroy(circuit, DestroyReason.BOUND);
  }

  /** `from`: the link on which DESTROY came, if one came; the other side is told no reason then. */
  #destroy(circuit: HopCircuit, reason: DestroyReason, from?: CellLink): void {
    const { stage, near, key } = circuit;
    if (stage.name === 'closed') return;
    const sides = [near, farOf(circuit)].filter((side) => side !== undefined);
    if (stage.name === 'last') this.#endExit(stage);
    if (stage.name !== 'forwarding') stage.exit.pump.stop();
    circuit.stage = { name: 'closed' };
    wipeHop(circuit.keys);
    this.#table.remove(circuit, sides);
    for (const { link, id } of sides) {
      if (link !== from) link.sendControl(ControlType.DESTROY, id, Uint8Array.of(reason));
    }
    this.#options.tap?.event('destroy', { key, reason });
  }

  #endExit(stage: LastStage): void {
    stage.exit.end();
    for (const exit of new Set(this.#exits.values())) exit.closed(stage.exit);
  }

  #armSweep(): void {
    if (this.#table.size === 0 || this.#sweep !== undefined) return;
    this.#sweep = this.#options.clock.after(SWEEP_MS, () => {
      this.#sweep = undefined;
      const now = this.#options.clock.now();
      for (const circuit of this.#table.all()) this.#check(circuit, now);
      this.#armSweep();
    });
  }

  #check(circuit: HopCircuit, now: number): void {
    const { stage, since, proven } = circuit;
    const { halfBuiltMs, lifeMs } = this.#limits;
    const patience = gapPatience(MOST_HOPS, DELAY_MEANS[circuit.delayClass]);
    // The first cell comes after an answer went all the way back: both under the mix.
    const unproven = !proven && now - since >= halfBuiltMs + 2 * longestDelay(MOST_HOPS, DELAY_MEANS[circuit.delayClass]);
    const late = unproven || (stage.name === 'extending' && now - stage.since >= halfBuiltMs);
    if (late || now - since >= lifeMs) {
      this.counters.count(late ? 'half-built-timeout' : 'circuit-life');
      this.#destroy(circuit, DestroyReason.TIMEOUT);
    } else if (windowsOf(circuit).some(({ gapSince }) => gapSince !== undefined && now - gapSince >= patience)) {
      this.#violation(circuit, 'gap');
    }
  }
}
