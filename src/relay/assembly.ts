/**
 * A relay's parts, put together (docs/protocol.md §3 to §7), whatever disk and network they stand on. It has no names, no rooms and no
 * keys but its own.
 *
 *   neighbours ── link ── hop ──┬── mix ── link ── neighbours
 *                               ├── mailbox      POST, SUBSCRIBE
 *                               └── directory    DIRECTORY?        and beside it: descriptors by gossip, anchors dialled
 */
import { isRefusal, pick, type Bytes, type Cancel, type Clock, type Counters, type Random, type RelayId } from '../base/index.ts';
import { answerDirectory, Directory, type Anchor } from '../directory/index.ts';
import type { Signer } from '../identity/index.ts';
import { parseAddress, type LinkHandler, type LinkNode } from '../link/index.ts';
import { MailboxExit, type BlobStore, type MailboxLimits } from '../mailbox/index.ts';
import { Mix } from '../mix/index.ts';
import { DELAY_MEANS, encodeRefused, Hop, MessageKind, RefusedCode, type ExitHandler, type HopLimits } from '../onion/index.ts';
import { Announcer } from './announcer.ts';
import { catchUp } from './catch-up.ts';
import type { RelaySettings } from './config.ts';
import { Neighbours } from './neighbours.ts';
import { OnionKeys, type OnionKeyStore } from './onion-keys.ts';
import type { Tap } from './tap.ts';
import { RelayTime } from './time.ts';

export const VERSION = 'sotto 0.1.0';
const HOUR_MS = 3_600_000;
/** An anchor that did not answer is asked again, ms. */
const AGAIN_MS = 30_000;

export interface Relay {
  readonly id: RelayId;
  /** Where it can be dialled, with /p2p/. */
  readonly multiaddrs: readonly string[];
  readonly directory: Directory;
  /** What was refused and done, by word. */
  readonly counters: Counters;
  load(): { readonly links: number; readonly circuits: number; readonly waiting: number };
  /** Adds an error that nobody caught to the log and the counters. */
  report(error: unknown): void;
  /** Ends every circuit and link, and writes what is buffered. Again: the same promise. */
  stop(): Promise<void>;
}

/** What a relay stands on. */
export interface RelayParts extends Pick<RelaySettings, 'name' | 'family' | 'roles' | 'suite'> {
  readonly id: RelayId;
  readonly root: Signer;
  readonly anchors: readonly Anchor[];
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly onionKeys: OnionKeyStore;
  /** Closed when the relay stops, as the root is erased. */
  readonly blobs: BlobStore;
  readonly hopLimits: Partial<HopLimits>;
  readonly mailboxLimits: Partial<MailboxLimits>;
  readonly tap: Tap | undefined;
  readonly log: (line: string) => void;
  /** Opens the relay's node. `trusted` says which addresses may be dialled although they are private, `knows` which PeerIds are relays'. */
  listen(handler: LinkHandler, trusted: (address: string) => boolean, knows: (peer: string) => boolean): Promise<LinkNode>;
  /** Opens a node that only dials, for what the relay asks of others as any client does. */
  visit(handler: LinkHandler, trusted: (address: string) => boolean): Promise<LinkNode>;
}

export class AssembledRelay implements Relay {
  readonly id: RelayId;
  readonly directory: Directory;
  readonly counters: Counters;
  readonly #parts: RelayParts;
  readonly #time: RelayTime;
  readonly #keys: OnionKeys;
  readonly #mailbox: MailboxExit;
  readonly #hop: Hop;
  readonly #neighbours: Neighbours;
  readonly #announcer: Announcer;
  readonly #anchorAddresses: ReadonlySet<string>;
  #node: LinkNode | undefined;
  #hourly: Cancel | undefined;
  #again: Cancel | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: RelayParts) {
    const { id, anchors, clock, random, counters, tap } = parts;
    this.#parts = parts;
    this.id = id;
    this.counters = counters;
    this.#time = new RelayTime(clock);
    this.directory = new Directory({ now: () => this.#time.seconds(), trusted: new Set(anchors.map((anchor) => anchor.id)), counters });
    this.#anchorAddresses = new Set(anchors.flatMap(({ addresses }) => addresses));
    this.#keys = new OnionKeys(id, parts.suite, parts.onionKeys, clock, random);
    this.#mailbox = new MailboxExit({ store: parts.blobs, clock, counters, limits: parts.mailboxLimits });
    this.#announcer = new Announcer({
      root: parts.root,
      directory: this.directory,
      clock,
      seconds: () => this.#time.seconds(),
      fields: () => this.#fields(),
      heard: (descriptor, verdict) => tap?.write('gossip', { descriptor, verdict }),
    });
    this.#neighbours = new Neighbours({
      self: id,
      anchors,
      directory: this.directory,
      clock,
      random,
      log: (line) => this.#log(line),
      met: (anchor) => this.#catchUp(anchor, 'all'),
    });
    this.#hop = new Hop({
      self: id,
      clock,
      random,
      counters,
      sink: new Mix({ clock, random }),
      limits: parts.hopLimits,
      onionKey: (key) => this.#keys.find(key),
      networkTime: () => this.#time.seconds(),
      descriptor: () => this.#announcer.descriptor(),
      addressesOf: (relay) => this.directory.get(relay)?.addresses,
      dial: (addresses) => this.#dial(addresses),
      exits: [...(parts.roles.mailbox ? [this.#mailbox] : []), directoryExit(this.directory, counters)],
      ...(tap === undefined ? {} : { tap }),
    });
  }

  get multiaddrs(): readonly string[] {
    return this.#node?.addresses() ?? [];
  }

  /** Rejects when it cannot listen. */
  async start(): Promise<void> {
    const { tap, name } = this.#parts;
    const handler = this.#neighbours.around(this.#hop, tap);
    this.#node = await this.#parts.listen(
      handler,
      (address) => this.#isTrusted(address),
      (peer) => this.#isRelay(peer),
    );
    this.#announcer.start(this.#node);
    this.#neighbours.start(this.#node);
    this.#everyHour();
    this.#log(`${name} is relay ${this.id} at ${this.multiaddrs.join(' ')}`);
  }

  load(): ReturnType<Hop['load']> {
    return this.#hop.load();
  }

  report(error: unknown): void {
    this.counters.count('uncaught');
    this.#log(`uncaught: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#hourly?.();
    this.#again?.();
    this.#announcer.stop();
    this.#neighbours.stop();
    this.#hop.stop();
    await this.#node?.stop();
    this.#mailbox.stop();
    this.#parts.blobs.close();
    this.#keys.wipe();
    this.#parts.root.erase();
    this.#log('stopped');
    this.#parts.tap?.end();
  }

  #dial(addresses: readonly string[]): ReturnType<LinkNode['dial']> {
    return this.#node?.dial(addresses) ?? Promise.reject(new Error('the relay is not started'));
  }

  /** Private addresses are dialled only when an anchor has them: in anchors.json, or in its own signed descriptor. */
  #isTrusted(address: string): boolean {
    if (this.#anchorAddresses.has(address)) return true;
    return this.#parts.anchors.some(({ id }) => this.directory.get(id)?.addresses.includes(address) === true);
  }

  /** Its descriptor is held, or an anchor is there. */
  #isRelay(peer: string): boolean {
    if (peer === '') return false;
    const ends = (address: string): boolean => address.endsWith(`/p2p/${peer}`);
    return [...this.#anchorAddresses].some(ends) || this.directory.list().some(({ addresses }) => addresses.some(ends));
  }

  #fields() {
    const { roles, family, suite } = this.#parts;
    return {
      addresses: told(this.multiaddrs),
      suite,
      onionKey: this.#keys.current,
      roles,
      family,
      delayClasses: Object.values(DELAY_MEANS),
      version: VERSION,
    };
  }

  #catchUp(anchor: Anchor | undefined, wanted: 'all' | 'time'): void {
    if (anchor === undefined) return;
    const heard = (seconds: number): void => {
      if (this.#stopped === undefined && this.#time.heard(anchor.id, seconds)) this.#timeMoved();
    };
    catchUp(anchor, { ...this.#parts, directory: this.directory, heard }, wanted).then(
      (done) => isRefusal(done) && this.#log(`the directory of anchor ${anchor.id.slice(0, 8)} is refused: ${done.refused}`),
      () => {
        this.counters.count('directory-not-fetched');
        this.#askAgain(anchor, wanted);
      },
    );
  }

  /** One at a time, while a link to it stands. */
  #askAgain(anchor: Anchor, wanted: 'all' | 'time'): void {
    if (this.#stopped !== undefined) return;
    this.#again ??= this.#parts.clock.after(AGAIN_MS, () => {
      this.#again = undefined;
      if (this.#neighbours.near().includes(anchor)) this.#catchUp(anchor, wanted);
    });
  }

  /** Under the time that it took for right, others' descriptors were refused, and its own by the others. */
  #timeMoved(): void {
    this.counters.count('clock-wrong');
    this.#log(`the clock of this machine is wrong: the others say ${new Date(1000 * this.#time.seconds()).toISOString()}`);
    this.#announcer.corrected();
    this.#catchUp(pick(this.#parts.random, this.#neighbours.near()), 'all');
  }

  #everyHour(): void {
    const { clock, random } = this.#parts;
    this.#hourly = clock.after(HOUR_MS, () => {
      if (this.#keys.rotate()) this.#announcer.changed();
      this.directory.tidy();
      const near = this.#neighbours.near();
      const one = pick(random, near);
      for (const anchor of near) this.#catchUp(anchor, anchor === one ? 'all' : 'time');
      this.#log(`${JSON.stringify(this.load())} ${JSON.stringify(this.counters.all())}`);
      this.#everyHour();
    });
  }

  #log(line: string): void {
    this.#parts.tap?.write('log', { line });
    this.#parts.log(line);
  }
}

/** Answers DIRECTORY? at the last hop with pages of all descriptors that are valid now. */
function directoryExit(directory: Directory, counters: Counters): ExitHandler {
  return {
    kinds: [MessageKind.DIRECTORY_REQUEST],
    message(circuit, id, _kind, body: Bytes) {
      const page = answerDirectory(directory.list(), body);
      if (!isRefusal(page)) circuit.reply(id, MessageKind.DIRECTORY, page);
      else {
        counters.count(page.refused);
        circuit.reply(id, MessageKind.REFUSED, encodeRefused({ code: RefusedCode.MALFORMED, retryAfter: 0 }));
      }
    },
    closed: () => undefined,
  };
}

/** The addresses of a descriptor: those that everybody can dial, or, where there is none, all. */
function told(addresses: readonly string[]): readonly string[] {
  const open = addresses.filter((text) => {
    const address = parseAddress(text);
    return !isRefusal(address) && address.public;
  });
  return (open.length > 0 ? open : addresses).slice(0, 8);
}
