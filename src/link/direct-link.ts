/**
 * One direct link, whatever carries its bytes (docs/protocol.md §6.1). WebRTC does not hold back a sender whose reader is slow, so
 * each side sends at most a window of blobs beyond those that the other says it has dealt with.
 *
 *   send ──► queue (bounded) ──► sent − taken < WINDOW ──► pipe           receive ──► frames ──► handler ──► taken() ──► TAKEN
 *   TAKEN every 5 s, whatever happens; 20 s of silence end the link
 */
import { isRefusal, type Bytes, type Cancel, type Clock, type Counters, type TopicId } from '../base/index.ts';
import { DirectFrameReader, encodeBlobFrame, encodeTakenFrame } from './direct-frames.ts';

/** Blobs on their way to the other side and not dealt with there. */
export const DIRECT_WINDOW = 16;
/** TAKEN is said at least after so many blobs. */
const SAY_AFTER = 4;

export interface DirectLimits {
  /** ms between heartbeats, and of silence that end a link. */
  readonly every: number;
  readonly silence: number;
  /** Blobs that wait for the window, and their bytes. */
  readonly queue: number;
  readonly queueBytes: number;
}

export const directLimits: DirectLimits = { every: 5_000, silence: 20_000, queue: 512, queueBytes: 8 << 20 };

export interface DirectPipe {
  /** False: nothing more until `drained`. */
  write(bytes: Bytes): boolean;
  close(why: string): void;
}

export interface DirectLinkOptions {
  readonly pipe: DirectPipe;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly limits: DirectLimits;
  /** Of sealed blobs. bytes */
  readonly sizes: readonly number[];
  readonly blob: (topic: TopicId, blob: Bytes, taken: () => void) => void;
  /** Called once. */
  readonly closed: (why: string) => void;
}

export class DirectLink {
  readonly #options: DirectLinkOptions;
  readonly #reader: DirectFrameReader;
  #queue: Bytes[] = [];
  #queuedBytes = 0;
  #writable = true;
  #closed = false;
  /** Blobs written, and how many of them the other side has dealt with. */
  #written = 0;
  #acknowledged = 0;
  /** Blobs received, dealt with here, and said to be. */
  #received = 0;
  #taken = 0;
  #said = 0;
  #heard: number;
  #spoke: number;
  #due = 0;
  #excused = false;
  #cancel: Cancel;

  constructor(options: DirectLinkOptions) {
    this.#options = options;
    this.#reader = new DirectFrameReader(options.sizes);
    this.#heard = this.#spoke = options.clock.now();
    this.#cancel = this.#tickIn(options.limits.every);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** False when the link is closed or too much waits for it. Throws RangeError for a blob of no size. */
  send(topic: TopicId, blob: Uint8Array): boolean {
    const { sizes, limits, counters } = this.#options;
    if (!sizes.includes(blob.length)) throw new RangeError(`direct: no sealed blob has ${blob.length} bytes`);
    if (this.#closed) return false;
    if (this.#queue.length >= limits.queue || this.#queuedBytes + blob.length > limits.queueBytes) {
      counters.count('direct-queue-full');
      return false;
    }
    this.#queue.push(encodeBlobFrame(topic, blob));
    this.#queuedBytes += blob.length;
    this.#flush();
    return true;
  }

  /** The pipe has more bytes, cut anywhere. */
  receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#heard = this.#options.clock.now();
    this.#excused = false;
    const frames = this.#reader.read(bytes);
    if (isRefusal(frames)) return this.#violation(frames.refused);
    for (const frame of frames) {
      if (this.#closed) return;
      if ('taken' in frame) this.#acknowledge(frame.taken);
      else this.#take(frame.topic, frame.blob);
    }
    // A hidden tab's timers may fire once a minute: what arrives carries the heartbeat too.
    if (!this.#closed && this.#options.clock.now() - this.#spoke >= this.#options.limits.every / 2) this.#sayTaken();
  }

  /** The pipe takes bytes again. */
  drained(): void {
    this.#writable = true;
    this.#flush();
  }

  close(why: string): void {
    if (this.#closed) return;
    this.ended(why);
    this.#options.pipe.close(why);
  }

  /** The pipe has ended by itself. */
  ended(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel();
    this.#queue = [];
    this.#options.closed(why);
  }

  #take(topic: TopicId, blob: Bytes): void {
    if (this.#received - this.#said >= DIRECT_WINDOW) return this.#violation('direct-window');
    this.#received += 1;
    let once = false;
    this.#options.blob(topic, blob, () => {
      if (once || this.#closed) return;
      once = true;
      this.#taken += 1;
      if (this.#taken - this.#said >= SAY_AFTER) this.#sayTaken();
    });
  }

  /** Counts rise, and never beyond what was sent. */
  #acknowledge(count: number): void {
    const news = (count - this.#acknowledged) >>> 0;
    if (news > this.#written - this.#acknowledged) return this.#violation('direct-taken');
    this.#acknowledged += news;
    this.#flush();
  }

  #flush(): void {
    while (this.#writable && !this.#closed && this.#written - this.#acknowledged < DIRECT_WINDOW) {
      const frame = this.#queue.shift();
      if (frame === undefined) return;
      this.#queuedBytes -= frame.length - 36;
      this.#written += 1;
      this.#write(frame);
    }
  }

  #sayTaken(): void {
    this.#said = this.#taken;
    this.#write(encodeTakenFrame(this.#taken));
  }

  #write(frame: Bytes): void {
    this.#spoke = this.#options.clock.now();
    try {
      this.#writable = this.#options.pipe.write(frame);
    } catch (error) {
      this.close(error instanceof Error ? error.message : 'the transport failed');
    }
  }

  #violation(word: string): void {
    this.#options.counters.count(word);
    this.close(word);
  }

  #tickIn(ms: number): Cancel {
    this.#due = this.#options.clock.now() + ms;
    return this.#options.clock.after(ms, () => this.#tick());
  }

  #tick(): void {
    const { clock, limits } = this.#options;
    const now = clock.now();
    // A tick that comes late (a machine that slept) proves nothing about the other side: it has half the time more.
    if (now - this.#due > limits.every && !this.#excused) {
      this.#excused = true;
      this.#heard = Math.max(this.#heard, now - limits.silence / 2);
    }
    if (now - this.#heard > limits.silence) return this.close('silent');
    if (now - this.#spoke >= limits.every / 2) this.#sayTaken();
    if (!this.#closed) this.#cancel = this.#tickIn(limits.every);
  }
}
