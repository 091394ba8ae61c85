/**
 * A relay, put together (docs/protocol.md §3 to §7). It has no names, no rooms and no keys but its own.
 *
 *   neighbours ── link ── hop ──┬── mix ── link ── neighbours
 *                               ├── mailbox      POST, SUBSCRIBE
 *                               └── directory    DIRECTORY?        and beside it: descriptors by gossip, anchors dialled
 */
import {
  Counters,
  isRefusal,
  pick,
  systemClock,
  systemRandom,
  type Bytes,
  type Cancel,
  type Clock,
  type Random,
  type RelayId,
} from '../base/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { answerDirectory, Directory, type Anchor } from '../directory/index.ts';
import { parseAddress, type LinkNode } from '../link/index.ts';
import { relayLink, type SocketLimits } from '../link/node.ts';
import { MailboxExit, type MailboxLimits } from '../mailbox/index.ts';
import { SqliteBlobStore } from '../mailbox/node.ts';
import { Mix } from '../mix/index.ts';
import { DELAY_MEANS, encodeRefused, Hop, MessageKind, RefusedCode, type ExitHandler, type HopLimits } from '../onion/index.ts';
import { Announcer, DESCRIPTOR_TOPIC } from './announcer.ts';
import { catchUp } from './catch-up.ts';
import type { RelayLimits, RelaySettings } from './config.ts';
import { Neighbours } from './neighbours.ts';
import { OnionKeys } from './onion-keys.ts';
import { RelayState, type RelayIdentity } from './state.ts';
import { Tap } from './tap.ts';

export const VERSION = 'sotto 0.1.0';
const HOUR_MS = 3_600_000;

export interface RelayConfig extends Omit<RelaySettings, 'anchors'> {
  readonly anchors: readonly Anchor[];
  readonly log?: (line: string) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

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

/** Starts a relay. Rejects when its state is damaged or it cannot listen. */
export async function createRelay(config: RelayConfig): Promise<Relay> {
  await initCryptoNode();
  const { clock = systemClock, random = systemRandom } = config;
  const state = new RelayState(config.state);
  const identity = await state.identity(random);
  const running = new Running(config, clock, random, state, identity);
  await running.start();
  return running;
}

/** What a relay is called and where it would be, without starting it. The TCP address is left out while its port is any free one. */
export async function relayIdentity(settings: RelaySettings): Promise<{ readonly id: RelayId; readonly multiaddrs: readonly string[] }> {
  const { id, peerId } = await new RelayState(settings.state).identity(systemRandom);
  const listen = listenAt(settings).filter((address) => !address.includes('/tcp/0'));
  const shown = settings.announce.length > 0 ? settings.announce : listen;
  return { id, multiaddrs: shown.map((address) => `${address}/p2p/${peerId}`) };
}

function listenAt({ listen, tcp }: Pick<RelaySettings, 'listen' | 'tcp'>): string[] {
  const host = `/${listen.host.includes(':') ? 'ip6' : 'ip4'}/${listen.host}`;
  return [`${host}/tcp/${listen.port}/ws`, ...(tcp === undefined ? [] : [`${host}/tcp/${tcp}`])];
}

class Running implements Relay {
  readonly id: RelayId;
  readonly directory: Directory;
  readonly counters = new Counters();
  readonly #config: RelayConfig;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #identity: RelayIdentity;
  readonly #tap: Tap | undefined;
  readonly #keys: OnionKeys;
  readonly #store: SqliteBlobStore;
  readonly #mailbox: MailboxExit;
  readonly #hop: Hop;
  readonly #neighbours: Neighbours;
  readonly #announcer: Announcer;
  readonly #anchorAddresses: ReadonlySet<string>;
  #node: LinkNode | undefined;
  #hourly: Cancel | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: RelayConfig, clock: Clock, random: Random, state: RelayState, identity: RelayIdentity) {
    const { counters } = this;
    this.#config = config;
    this.#clock = clock;
    this.#random = random;
    this.#identity = identity;
    this.id = identity.id;
    this.#tap = config.tap === undefined ? undefined : new Tap(config.tap, clock);
    this.directory = new Directory({ now: () => this.#seconds(), trusted: new Set(config.anchors.map(({ id }) => id)), counters });
    this.#anchorAddresses = new Set(config.anchors.flatMap(({ addresses }) => addresses));
    this.#keys = new OnionKeys(identity.id, state, clock, random);
    this.#store = new SqliteBlobStore(state.claim('mailbox.db'), random);
    this.#mailbox = new MailboxExit({ store: this.#store, clock, counters, limits: mailboxLimits(config.limits) });
    this.#announcer = new Announcer({
      root: identity.root,
      directory: this.directory,
      clock,
      fields: () => this.#fields(),
      heard: (descriptor, verdict) => this.#tap?.write('gossip', { descriptor, verdict }),
    });
    this.#neighbours = new Neighbours({
      self: this.id,
      anchors: config.anchors,
      directory: this.directory,
      clock,
      random,
      log: (line) => this.#log(line),
      met: (anchor) => this.#catchUp(anchor),
    });
    this.#hop = new Hop({
      self: this.id,
      clock,
      random,
      counters,
      sink: new Mix({ clock, random }),
      limits: hopLimits(config.limits),
      onionKey: (id) => this.#keys.find(id),
      networkTime: () => this.#seconds(),
      descriptor: () => this.#announcer.descriptor(),
      addressesOf: (relay) => this.directory.get(relay)?.addresses,
      dial: (addresses) => this.#dial(addresses),
      exits: [...(config.roles.mailbox ? [this.#mailbox] : []), directoryExit(this.directory, counters)],
      ...(this.#tap === undefined ? {} : { tap: this.#tap }),
    });
  }

  get multiaddrs(): readonly string[] {
    return this.#node?.addresses() ?? [];
  }

  async start(): Promise<void> {
    const tap = this.#tap;
    this.#node = await relayLink({
      handler: this.#neighbours.around(this.#hop, tap),
      clock: this.#clock,
      counters: this.counters,
      witness: tap,
      seed: this.#identity.libp2pSeed,
      listen: listenAt(this.#config),
      announce: this.#config.announce,
      topics: [DESCRIPTOR_TOPIC],
      sockets: socketLimits(this.#config.limits),
      trusted: (address) => this.#isTrusted(address),
    });
    this.#announcer.start(this.#node);
    this.#neighbours.start(this.#node);
    this.#everyHour();
    this.#log(`${this.#config.name} is relay ${this.id} at ${this.multiaddrs.join(' ')}`);
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
    this.#announcer.stop();
    this.#neighbours.stop();
    this.#hop.stop();
    await this.#node?.stop();
    this.#mailbox.stop();
    this.#store.close();
    this.#keys.wipe();
    this.#identity.root.erase();
    this.#log('stopped');
    this.#tap?.end();
  }

  #dial(addresses: readonly string[]): ReturnType<LinkNode['dial']> {
    return this.#node?.dial(addresses) ?? Promise.reject(new Error('the relay is not started'));
  }

  /** Private addresses are dialled only when an anchor has them: in anchors.json, or in its own signed descriptor. */
  #isTrusted(address: string): boolean {
    if (this.#anchorAddresses.has(address)) return true;
    return this.#config.anchors.some(({ id }) => this.directory.get(id)?.addresses.includes(address) === true);
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  #fields() {
    const { roles, family } = this.#config;
    return {
      addresses: told(this.multiaddrs),
      onionKey: this.#keys.current,
      roles,
      family,
      delayClasses: Object.values(DELAY_MEANS),
      version: VERSION,
    };
  }

  #catchUp(anchor: Anchor | undefined): void {
    if (anchor === undefined) return;
    catchUp(anchor, this.directory, this.#clock, this.#random).then(
      (done) => isRefusal(done) && this.#log(`the directory of anchor ${anchor.id.slice(0, 8)} is refused: ${done.refused}`),
      () => this.counters.count('directory-not-fetched'),
    );
  }

  #everyHour(): void {
    this.#hourly = this.#clock.after(HOUR_MS, () => {
      if (this.#keys.rotate()) this.#announcer.changed();
      this.directory.tidy();
      this.#catchUp(pick(this.#random, this.#neighbours.near()));
      this.#log(`${JSON.stringify(this.load())} ${JSON.stringify(this.counters.all())}`);
      this.#everyHour();
    });
  }

  #log(line: string): void {
    this.#tap?.write('log', { line });
    this.#config.log?.(line);
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

const given = <Limits>(limits: { readonly [Key in keyof Limits]: Limits[Key] | undefined }): Partial<Limits> =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as Partial<Limits>;

const socketLimits = ({ connections, connectionsPerHost }: Partial<RelayLimits>): Partial<SocketLimits> =>
  given<Pick<SocketLimits, 'total' | 'perHost'>>({ total: connections, perHost: connectionsPerHost });
const hopLimits = ({ circuits, circuitsPerLink }: Partial<RelayLimits>): Partial<HopLimits> =>
  given<Pick<HopLimits, 'circuits' | 'circuitsPerLink'>>({ circuits, circuitsPerLink });
const mailboxLimits = ({ mailboxBytes, topicBytes }: Partial<RelayLimits>): Partial<MailboxLimits> =>
  given<Pick<MailboxLimits, 'bytes' | 'topicBytes'>>({ bytes: mailboxBytes, topicBytes });
