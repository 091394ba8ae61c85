/** The shell around a conversation: sends what may leave, and wakes up for an ACK. */
import type { Cancel, Clock } from '../base/index.ts';
import type { CellOut, Conversation } from './conversation.ts';

export class Pump {
  readonly #conversation: Conversation;
  readonly #clock: Clock;
  readonly #emit: (out: CellOut) => void;
  #wake: Cancel | undefined;
  #stopped = false;

  constructor(conversation: Conversation, clock: Clock, emit: (out: CellOut) => void) {
    this.#conversation = conversation;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** To be called after whatever happened to the conversation. */
  run(): void {
    while (!this.#stopped) {
      const out = this.#conversation.next(this.#clock.now());
      if (out === undefined) break;
      this.#emit(out);
    }
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  #arm(): void {
    const at = this.#conversation.ackAt;
    if (this.#stopped || at === undefined || this.#wake !== undefined) return;
    this.#wake = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      this.#wake = undefined;
      this.run();
    });
  }
}
