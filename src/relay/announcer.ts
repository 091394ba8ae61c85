/**
 * A relay's own descriptor: signed anew each hour, and soon after another relay has come near (what it then gossips is new to everybody,
 * so it is passed on to the newcomer too).
 *
 *   hour, newcomer ──► at least 15 s after the last ──► sign, unless it is fresh ──► directory, gossip
 */
import { equal, type Bytes, type Cancel, type Clock } from '../base/index.ts';
import {
  decodeDescriptor,
  DESCRIPTOR_LIFE,
  MAX_DESCRIPTOR_BYTES,
  signDescriptor,
  type DescriptorFields,
  type Directory,
} from '../directory/index.ts';
import type { Signer } from '../identity/index.ts';
import type { LinkNode, Verdict } from '../link/index.ts';

export const DESCRIPTOR_TOPIC = '/sotto/descriptor/1';

const HOUR_MS = 3_600_000;
const GAP_MS = 15_000;
const SOON_MS = 500;
/** Seconds between two descriptors of one relay that are passed on: less than this is a flood. */
const LEAST_GAP = 10;

export interface AnnouncerOptions {
  readonly root: Signer;
  readonly directory: Directory;
  readonly clock: Clock;
  /** UTC seconds, as this relay takes them to be. */
  readonly seconds: () => number;
  /** What the descriptor says now, but for its times. */
  readonly fields: () => Omit<DescriptorFields, 'validFrom' | 'validUntil'>;
  readonly heard: (descriptor: Bytes, verdict: Verdict) => void;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  #node: LinkNode | undefined;
  #own: Bytes | undefined;
  #signedAt = -Infinity;
  #toldAt = -Infinity;
  #timer: Cancel | undefined;
  #due = Infinity;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** This relay's signed descriptor, valid now. */
  descriptor(): Bytes {
    return this.#own ?? this.#sign();
  }

  start(node: LinkNode): void {
    this.#node = node;
    this.#sign();
    node.subscribe(
      DESCRIPTOR_TOPIC,
      (data) => this.#receive(data),
      () => this.#announceIn(SOON_MS),
    );
    this.#announceIn(HOUR_MS);
  }

  stop(): void {
    this.#node = undefined;
    this.#timer?.();
  }

  /** Signs and gossips anew soon: something has changed. */
  changed(): void {
    this.#signedAt = -Infinity;
    this.#announceIn(SOON_MS);
  }

  /** The time was another than this relay took it for: what it said of itself until now counts for nobody. */
  corrected(): void {
    if (this.#node === undefined) return;
    this.#sign();
    this.#toldAt = -Infinity;
    this.#announceIn(SOON_MS);
  }

  #announceIn(wait: number): void {
    const now = this.#options.clock.now();
    const at = Math.max(now + wait, this.#toldAt + GAP_MS);
    if (this.#node === undefined || at >= this.#due) return;
    this.#timer?.();
    this.#due = at;
    this.#timer = this.#options.clock.after(at - now, () => {
      this.#due = Infinity;
      this.#tell();
      this.#announceIn(HOUR_MS);
    });
  }

  #tell(): void {
    const now = this.#options.clock.now();
    const fresh = now - this.#signedAt < LEAST_GAP * 1000;
    this.#toldAt = now;
    this.#node?.publish(DESCRIPTOR_TOPIC, fresh ? this.descriptor() : this.#sign());
  }

  #sign(): Bytes {
    const { root, fields, clock, seconds, directory } = this.#options;
    const validFrom = seconds();
    this.#own = signDescriptor(root, { ...fields(), validFrom, validUntil: validFrom + DESCRIPTOR_LIFE });
    this.#signedAt = clock.now();
    directory.add(this.#own);
    return this.#own;
  }

  #receive(data: Bytes): Verdict {
    const verdict = this.#judge(data);
    this.#options.heard(data, verdict);
    return verdict;
  }

  #judge(data: Bytes): Verdict {
    const { directory } = this.#options;
    const read = data.length > MAX_DESCRIPTOR_BYTES ? { refused: 'descriptor-size' } : decodeDescriptor(data);
    if ('refused' in read) return 'reject';
    const held = directory.get(read.id);
    if (held !== undefined && equal(held.signed, data)) return 'accept';
    // Judged before the signatures: they are what a flood would make us compute.
    if (held !== undefined && read.validFrom < held.validFrom + LEAST_GAP) return 'ignore';
    const added = directory.add(data);
    if (!('refused' in added)) return 'accept';
    return added.refused === 'descriptor-signature' ? 'reject' : 'ignore';
  }
}
