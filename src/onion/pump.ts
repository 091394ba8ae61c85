/** The shell around a conversation: sends what may leave while the link takes it, and wakes up for an ACK. */
import type { Cancel, Clock } from '../base/index.ts';
import type { CellLink } from '../link/index.ts';
import type { CellOut, Conversation } from './conversation.ts';

/** Cells queued on the link beyond which a conversation waits: credit says what the far end takes, not what the way to it does. */
const MOST_QUEUED = 512;
/** A link does not tell when its queue has shrunk, so it is looked at again after this, ms. */
const LOOK_AGAIN = 20;

export interface PumpOptions {
  readonly conversation: Conversation;
  readonly clock: Clock;
  readonly link: Pick<CellLink, 'queued'>;
  emit(out: CellOut): void;
}

export class Pump {
  readonly #options: PumpOptions;
  #wake: Cancel | undefined;
  #wakeAt = 0;
  #stopped = false;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** To be called after whatever happened to the conversation. */
  run(): void {
    const { conversation, clock, link, emit } = this.#options;
    while (!this.#stopped && link.queued < MOST_QUEUED) {
      const out = conversation.next(clock.now());
      if (out === undefined) break;
      emit(out);
    }
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  #arm(): void {
    const { conversation, clock, link } = this.#options;
    const at = link.queued < MOST_QUEUED ? conversation.ackAt : clock.now() + LOOK_AGAIN;
    if (this.#stopped || at === undefined) return;
    if (this.#wake !== undefined && this.#wakeAt <= at) return;
    this.#wake?.();
    this.#wakeAt = at;
    this.#wake = clock.after(Math.max(0, at - clock.now()), () => {
      this.#wake = undefined;
      this.run();
    });
  }
}
