/** The last hop's side of a circuit, as mailbox and directory see it: replies, and pushes under the client's credit. */
import type { Bytes } from '../base/index.ts';
import { partsFor } from '../crypto/index.ts';
import { CircuitClosed, type ExitCircuit, type MessageKind } from './circuit.ts';
import type { Conversation } from './conversation.ts';
import type { Pump } from './pump.ts';

export interface ExitOptions {
  readonly key: number;
  readonly bind: Bytes;
  readonly conversation: Conversation;
  readonly pump: Pump;
  /** Cells that may wait for the client's credit; one more and `overfull` is called. */
  readonly mostQueued: number;
  overfull(): void;
  said(kind: MessageKind, body: Uint8Array): void;
}

export class ExitSide implements ExitCircuit {
  readonly #options: ExitOptions;
  readonly #waiting = new Set<(error: CircuitClosed) => void>();
  #closed = false;

  constructor(options: ExitOptions) {
    this.#options = options;
  }

  get key(): number {
    return this.#options.key;
  }

  get bind(): Bytes {
    return this.#options.bind;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get pump(): Pump {
    return this.#options.pump;
  }

  reply(to: number, kind: MessageKind, body: Uint8Array): void {
    if (!this.#room(body)) return;
    this.#options.said(kind, body);
    this.#options.conversation.reply(to, kind, body);
    this.#options.pump.run();
  }

  push(kind: MessageKind, body: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#room(body)) {
        reject(new CircuitClosed('the circuit has closed'));
        return;
      }
      this.#waiting.add(reject);
      this.#options.said(kind, body);
      this.#options.conversation.send(kind, body, () => {
        this.#waiting.delete(reject);
        resolve();
      });
      this.#options.pump.run();
    });
  }

  /** The client cannot be answered from here any more. */
  end(): void {
    this.#closed = true;
    for (const reject of this.#waiting) reject(new CircuitClosed('the circuit has closed'));
    this.#waiting.clear();
  }

  #room(body: Uint8Array): boolean {
    if (this.#closed) return false;
    if (this.#options.conversation.queued + partsFor(body.length) <= this.#options.mostQueued) return true;
    this.#options.overfull();
    return false;
  }
}
