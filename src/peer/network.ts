/**
 * A peer's side of the network: which relays there are, which of them is the guard, and the circuits that stand.
 *
 *   anchors ──► first contact (guard) ──► directory ──► paths ──► circuits ──► mailboxes
 *       ▲                │ silent                                   │ died: blame, another path
 *       └── next guard ──┘                                          ▼
 *                          refreshed every half hour, over three hops from two anchors
 */
import { integer, isRefusal, pick, type Bytes, type Clock, type Counters, type Random, type RelayId } from '../base/index.ts';
import {
  Blame,
  choosePath,
  describesItself,
  Conduct,
  Directory,
  DirectoryClient,
  Guards,
  NetworkTime,
  type Anchor,
  type Candidate,
  type Descriptor,
  type DirectoryCircuit,
  type Misdeed,
} from '../directory/index.ts';
import type { Address } from '../keyring/index.ts';
import type { CellLink, LinkHandler, LinkNode } from '../link/index.ts';
import { circuitMailboxes, type Mailboxes } from '../mailbox/index.ts';
import { BALANCED, Covers } from '../mix/index.ts';
import { CircuitClient, CircuitPool, MessageKind, UnknownRelay, type Circuit, type Service } from '../onion/index.ts';
import { GuardLinks } from './guard-links.ts';
import { MailboxChoice } from './mailbox-choice.ts';
import { encodeGuards, joinDirectory, readGuards, splitDirectory } from './kept.ts';

export interface NetworkOptions {
  /** Opens this machine's node. `trusted` says which addresses may be dialled although they are private or plain. */
  readonly link: (handler: LinkHandler, trusted: (address: string) => boolean) => Promise<LinkNode>;
  readonly anchors: readonly Anchor[];
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  /** What an earlier run kept: guards and directory. */
  readonly kept: (key: string) => Uint8Array | undefined;
  readonly keep: (key: string, value: Bytes) => void;
  readonly changed: () => void;
  /** Others of the mailboxes in use are dead than before. */
  readonly mailboxesChanged?: () => void;
}

export type NetworkState = 'private' | 'connecting' | 'looking' | 'offline';

const REFRESH = { least: 25 * 60_000, more: 10 * 60_000 };
const FIRST_REFRESH = { least: 5_000, more: 10_000 };
const FIRST_RETRY = 500;
const LONGEST_RETRY = 15_000;
/** So many circuits that cannot be built, and the directory is asked whether relays have changed: after this, doubled each time, ms. */
const TROUBLES = 3;
const FIRST_NEWS = 30_000;
/** A circuit that has lived for so long shows that its guard lets circuits live, ms. */
const LIVES_MS = 60_000;
/** Links may outlive an absence of so long, ms. */
const SHORT_ABSENCE = 5_000;

export class PeerNetwork {
  readonly #options: NetworkOptions;
  readonly #time: NetworkTime;
  readonly #directory: Directory;
  readonly #guards: Guards;
  readonly #blame: Blame;
  readonly conduct: Conduct;
  /** Mailboxes that take nothing more, ms since 1970. */
  readonly #fullUntil = new Map<RelayId, number>();
  readonly #client: CircuitClient;
  readonly #links: GuardLinks;
  readonly #pool: CircuitPool;
  readonly #choice: MailboxChoice;
  readonly #trusted: ReadonlySet<RelayId>;
  readonly mailboxes: Mailboxes;
  #node: LinkNode | undefined;
  #failures = 0;
  /** Circuits that could not be built since the directory was asked, and how long that has to be ago to be asked again, ms. */
  #troubles = 0;
  #newsAfter = FIRST_NEWS;
  #askedAt = -Infinity;
  #contacted = false;
  readonly #contact = Promise.withResolvers<void>();
  #clockWrong = false;
  #offlineSince: number | undefined;
  readonly #covers: Covers;
  #stopped = false;
  #cancel: () => void = () => undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
    const { clock, random, counters } = options;
    this.#time = new NetworkTime(clock);
    this.#trusted = new Set(options.anchors.map(({ id }) => id));
    this.#directory = new Directory({ now: () => this.#time.seconds(), trusted: this.#trusted, counters });
    this.#guards = new Guards(clock, random, readGuards(options.kept('guards')));
    this.#blame = new Blame(clock);
    this.#covers = new Covers({ clock, random });
    this.conduct = new Conduct(clock);
    this.#client = new CircuitClient({
      clock,
      random,
      counters,
      time: ({ relay, seconds }) => {
        this.#time.heard(relay, seconds);
        if (this.#time.isFar(relay)) this.#misbehaved(relay, 'wrong-time');
      },
    });
    this.#links = new GuardLinks({
      clock,
      guards: this.#guards,
      addresses: (guard) => this.#guards.state().find(({ id }) => id === guard)?.addresses ?? this.#directory.get(guard)?.addresses,
      dial: (addresses, signal) => this.#node?.dial(addresses, signal) ?? Promise.reject(new Error('the network is not open')),
      back: () => this.#back(),
      silent: () => options.changed(),
    });
    this.#pool = new CircuitPool({
      clock,
      random,
      path: (mailbox, avoid) => this.#path(mailbox, avoid),
      build: (path) => this.#build(path),
      blamed: ({ path, hop, why }) => this.#blamed(path, hop, why),
      opened: (circuit) => {
        this.#covers.begin(circuit);
        this.#blame.reached(circuit.path);
        const [guard] = circuit.path;
        clock.after(LIVES_MS, () => {
          if (guard !== undefined && !circuit.closed) this.#blame.lived(guard);
        });
        void circuit.ping().then(
          () => options.changed(),
          () => undefined,
        );
        this.#choice.answered(circuit.path.at(-1));
        options.changed();
      },
      lost: () => {
        this.#choice.look();
        options.changed();
      },
    });
    this.#choice = new MailboxChoice({
      clock,
      random,
      listed: () => this.#listed(),
      anchors: options.anchors.map(({ id }) => id),
      services: () => this.#pool.services(),
      isResting: (relay) => this.#guards.isResting(relay) || this.avoids(relay),
      changed: () => options.mailboxesChanged?.(),
    });
    this.mailboxes = this.#openMailboxes();
    this.#restoreDirectory();
  }

  #openMailboxes(): Mailboxes {
    const { clock, counters, mailboxesChanged } = this.#options;
    return circuitMailboxes({
      circuits: this.#pool,
      clock,
      counters,
      misbehaved: (mailbox, what) => this.#misbehaved(mailbox, what),
      full: (mailbox, ms) => {
        this.#fullUntil.set(mailbox, clock.now() + ms);
        mailboxesChanged?.();
      },
    });
  }

  /** Opens the node and begins to look for relays. Rejects only when the node itself cannot be made. */
  async start(): Promise<void> {
    const dialable = new Set(this.#options.anchors.flatMap(({ addresses }) => addresses));
    this.#node = await this.#options.link(this.#links.around(this.#client), (address) => dialable.has(address));
    this.#refreshGuards();
    void this.#learn();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#links.stop();
    this.#pool.close();
    this.#covers.stop();
    await this.#node?.stop();
  }

  // ── what a room asks ──

  /** Milliseconds since 1970, by network time once it is known. */
  now(): number {
    return this.#time.now();
  }

  /** Until then `now` is this machine's clock alone. */
  get timeKnown(): boolean {
    return this.#time.known;
  }

  /** Two different mailboxes for a new address. Throws an Error in words. */
  pickMailboxes(): readonly [RelayId, RelayId] {
    return this.#choice.pick();
  }

  /** It does not keep what it says it stored, circuits to it break, or it is full. */
  avoids(mailbox: RelayId): boolean {
    return this.conduct.avoidsAsMailbox(mailbox) || (this.#fullUntil.get(mailbox) ?? 0) > this.#options.clock.now();
  }

  isDead(mailbox: RelayId): boolean {
    return this.#choice.isDead(mailbox);
  }

  spares(address: Address): Address | undefined {
    return this.#choice.spares(address);
  }

  /** Builds a circuit ahead of use. */
  prepare(isolation: string, mailbox: RelayId): void {
    this.#pool.prepare(isolation, mailbox);
  }

  // ── what the screen asks ──

  get state(): NetworkState {
    if (this.#offlineSince !== undefined) return 'offline';
    if (this.#pool.circuits().some((circuit) => !circuit.closed)) return 'private';
    return this.#failures > 0 || !this.#contacted ? 'looking' : 'connecting';
  }

  /** Every guard was asked, and none answers. */
  get silent(): boolean {
    const guards = this.#guards.state();
    return guards.length > 0 && guards.every(({ id }) => this.#guards.hasFailed(id));
  }

  /** How it stands with the mailboxes that are used. */
  services(): readonly Service[] {
    return this.#pool.services();
  }

  /** What the guard says of itself is out of its time: most likely this machine's clock is wrong. */
  get clockWrong(): boolean {
    return this.#clockWrong;
  }

  get hops(): number {
    return this.#pool.circuits().find((circuit) => !circuit.closed)?.path.length ?? 0;
  }

  /** The circuits that stand, each with the isolation that it serves. */
  serving(): readonly { readonly isolation: string; readonly circuit: Circuit }[] {
    return this.#pool.serving().filter(({ circuit }) => !circuit.closed);
  }

  relays(): readonly { readonly id: RelayId; readonly address: string; readonly anchor: boolean; readonly guard: boolean }[] {
    const guards = new Set(this.#guards.state().map(({ id }) => id));
    return this.#directory.list().map(({ id, addresses }) => ({
      id,
      address: shortAddress(addresses[0] ?? ''),
      anchor: this.#trusted.has(id),
      guard: guards.has(id),
    }));
  }

  addressOf(relay: RelayId): string {
    const known = this.#directory.get(relay)?.addresses ?? this.#options.anchors.find(({ id }) => id === relay)?.addresses;
    return shortAddress(known?.[0] ?? '');
  }

  /** Where a relay is dialled, whole. */
  addressesOf(relay: RelayId): readonly string[] {
    return this.#directory.get(relay)?.addresses ?? this.#options.anchors.find(({ id }) => id === relay)?.addresses ?? [];
  }

  /** The relays that may introduce people to each other for direct links. */
  signallers(): readonly RelayId[] {
    return [...new Set([...this.#trusted, ...this.#directory.list().map(({ id }) => id)])];
  }

  /** It came with the app, so it may be private or plain. */
  trusts(address: string): boolean {
    return this.#options.anchors.some(({ addresses }) => addresses.includes(address));
  }

  get disagreement(): boolean {
    return this.#directory.disagreements().length > 0;
  }

  /** The machine is online, or it is not. True when that is news. What it comes back to may be another network, on which no link lives. */
  setOnline(online: boolean): boolean {
    if (online !== (this.#offlineSince !== undefined)) return false;
    const now = this.#options.clock.now();
    if (now - (this.#offlineSince ?? now) > SHORT_ABSENCE) for (const link of this.#links.open()) link.close('this machine was offline');
    this.#offlineSince = online ? undefined : now;
    this.#options.changed();
    return true;
  }

  /** After sleep, or on another network: what stands has to show that it lives, and what waits is tried at once. */
  wake(): void {
    this.#guards.forgive();
    const isWell = this.#failures === 0 && this.#options.clock.now() - this.#askedAt < REFRESH.least;
    if (!isWell) this.#learnNow();
    this.#pool.hurry();
    this.#pool.checkAll();
  }

  // ── guards and the directory ──

  #listed(): RelayId[] {
    return this.#directory
      .list()
      .filter(({ roles }) => roles.mailbox)
      .map(({ id }) => id);
  }

  #restoreDirectory(): void {
    const kept = this.#options.kept('directory');
    if (kept === undefined) return;
    for (const signed of splitDirectory(kept)) this.#directory.add(signed);
    this.#contacted = this.#directory.list().length >= 3;
    if (this.#contacted) this.#contact.resolve();
  }

  #refreshGuards(): void {
    const anchors: Candidate[] = this.#options.anchors.map(({ id, addresses }) => ({ id, addresses }));
    const others = this.#directory.list().filter(({ id, roles }) => roles.guard && !this.#trusted.has(id));
    if (this.#guards.refresh([...anchors, ...others])) this.#options.keep('guards', encodeGuards(this.#guards.state()));
  }

  #learnNow(): void {
    this.#failures = 0;
    this.#cancel();
    void this.#learn();
  }

  /** A guard answers again: what waited for it goes on, and what went around it comes back when it stands. */
  #back(): void {
    if (this.#failures > 0) this.#learnNow();
    this.#pool.hurry();
    this.#pool.renew(({ path }) => {
      const guard = this.#guards.pick(path.at(-1));
      return guard !== undefined && guard.id !== path[0] && !this.#guards.hasFailed(guard.id);
    });
    this.#options.changed();
  }

  /** First contact and refresh, again and again. */
  async #learn(): Promise<void> {
    const guard = this.#guards.pick();
    if (guard === undefined || this.#stopped) return;
    try {
      const learned = await this.#directoryClient().firstContact(guard.id);
      this.#clockWrong = isRefusal(learned) && learned.refused === 'descriptor-time';
      if (this.#clockWrong && !this.#time.known && (await this.#askTime())) {
        this.#clockWrong = false;
        void this.#learn();
        return;
      }
      if (isRefusal(learned)) throw new Error(learned.detail ?? learned.refused);
      this.#guards.answered(guard.id);
      this.#failures = 0;
      this.#askedAt = this.#options.clock.now();
      this.#troubles = 0;
      this.#keepDirectory();
      const first = !this.#contacted;
      this.#contacted = true;
      this.#contact.resolve();
      this.#schedule(FIRST_REFRESH, () => void this.#refresh());
      if (first) this.#options.changed();
    } catch {
      this.#options.counters.count('guard-silent');
      this.#links.failed(guard.id);
      this.#failures++;
      const wait = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(this.#failures, 6));
      this.#schedule({ least: wait / 2, more: wait / 2 }, () => void this.#learn());
      this.#options.changed();
    }
  }

  /** Whole directories through three hops from two anchors, so that a guard alone cannot choose what a client sees. */
  async #refresh(): Promise<void> {
    for (const anchor of this.#twoAnchors()) {
      const path = this.#choose(anchor, false, []);
      if (isRefusal(path)) continue;
      const fetched = await this.#directoryClient()
        .fetch(path)
        .catch(() => this.#options.counters.count('directory-fetch'));
      if (isRefusal(fetched)) this.#misbehaved(anchor, 'forged-list');
    }
    this.#refreshGuards();
    this.#keepDirectory();
    this.#schedule(REFRESH, () => {
      this.#newsAfter = FIRST_NEWS;
      void this.#learn();
    });
    this.#options.changed();
  }

  #twoAnchors(): RelayId[] {
    const guard = this.#guards.pick()?.id;
    const anchors = this.#options.anchors.map(({ id }) => id).filter((id) => id !== guard);
    const first = pick(this.#options.random, anchors);
    const second = pick(
      this.#options.random,
      anchors.filter((id) => id !== first),
    );
    return [first, second].filter((id) => id !== undefined);
  }

  #directoryClient(): DirectoryClient {
    return new DirectoryClient(this.#directory, {
      describe: async (guard) => this.#client.describe(await this.#links.dial(guard)),
      open: async (path): Promise<DirectoryCircuit> => {
        const circuit = await this.#build(path);
        return {
          ask: async (body) => (await circuit.request(MessageKind.DIRECTORY_REQUEST, body)).body,
          close: () => circuit.close(),
        };
      },
    });
  }

  /**
   * This machine's clock and the guard's disagree, and either may be wrong: each guard is asked for its time, over one hop. True once as
   * many have told it as the median needs, so that no one of them sets it (docs/protocol.md §1).
   */
  async #askTime(): Promise<boolean> {
    for (const { id } of this.#guards.state()) {
      await this.#timeOf(id).catch(() => this.#options.counters.count('time-not-told'));
    }
    return this.#time.known;
  }

  /** One CREATED of a relay whose descriptor is its own, whenever it was made: the network's time is what is asked for. */
  async #timeOf(relay: RelayId): Promise<void> {
    const signed = await this.#client.describe(await this.#links.dial(relay));
    const descriptor = describesItself(signed, relay);
    if (isRefusal(descriptor)) throw new Error('the relay did not describe itself');
    const circuit = await this.#client.build([descriptor], await this.#links.dial(relay), { delayClass: BALANCED.delayClass });
    circuit.close();
  }

  #keepDirectory(): void {
    this.#options.keep('directory', joinDirectory(this.#directory.list().map(({ signed }) => signed)));
  }

  #schedule(wait: { readonly least: number; readonly more: number }, action: () => void): void {
    if (this.#stopped) return;
    this.#cancel();
    this.#cancel = this.#options.clock.after(wait.least + integer(this.#options.random, Math.max(1, Math.floor(wait.more))), action);
  }

  // ── circuits ──

  #choose(last: RelayId, mailbox: boolean, avoid: readonly RelayId[]) {
    const guard = this.#guards.pick(last, (guard) => this.#blame.failTogether(guard, last));
    if (guard === undefined) throw new Error('Sotto knows no relay to begin with.');
    const kept = new Set(this.#pool.services().map((service) => service.mailbox));
    return choosePath({
      descriptors: this.#directory.list(),
      guard: guard.id,
      last,
      mailbox,
      trusted: this.#trusted,
      // The weightiest first. One that keeps our messages should not see as well which guard they come from; and both ways would die with it.
      reluctance: (relay) =>
        [avoid.includes(relay), this.#blame.isDown(relay) || this.#guards.isResting(relay), this.#blame.avoids(relay), kept.has(relay)]
          .map(Number)
          .reduce((sum, bit) => 2 * sum + bit),
      random: this.#options.random,
    });
  }

  /** Waits for the directory, the first time. */
  async #path(mailbox: RelayId, avoid: readonly RelayId[]): Promise<readonly Descriptor[]> {
    await this.#contact.promise;
    const path = this.#choose(mailbox, true, avoid);
    if (!isRefusal(path)) return path;
    const why = path.detail ?? path.refused;
    this.#trouble();
    throw path.refused === 'no-last-hop' ? new UnknownRelay(why) : new Error(why);
  }

  async #build(path: readonly Descriptor[]): Promise<Circuit> {
    const [guard] = path;
    if (guard === undefined) throw new RangeError('path: want at least one relay');
    let link: CellLink;
    try {
      link = await this.#links.dial(guard.id);
    } catch (error) {
      this.#failures++;
      this.#options.changed();
      throw error;
    }
    this.#failures = 0;
    return this.#client.build(path, link, { delayClass: BALANCED.delayClass });
  }

  #blamed(path: readonly RelayId[], hop: number | undefined, why: string): void {
    this.#options.counters.count('circuit-blamed');
    this.#blame.record(path, hop);
    const [guard] = path;
    if (hop === 0 && guard !== undefined && why !== '') this.#links.failed(guard);
    for (const relay of path.slice(1)) if (this.#blame.breaks(relay)) this.#misbehaved(relay, 'breaks-circuits');
    if (guard !== undefined && this.#blame.guardBreaks(guard)) this.#distrust(guard);
    if (hop !== undefined) this.#trouble();
    this.#options.changed();
  }

  /** Its links stand, and nothing lives on them: another is used for a while. */
  #distrust(guard: RelayId): void {
    this.#guards.distrust(guard);
    for (const relay of this.#blame.clearBehind(guard)) this.conduct.takeBack(relay, 'breaks-circuits');
    this.#misbehaved(guard, 'breaks-circuits');
    this.#pool.renew(({ path }) => path[0] === guard);
  }

  #misbehaved(relay: RelayId, what: Misdeed): void {
    if (this.conduct.record(relay, what)) {
      this.#options.counters.count(`relay-${what}`);
      this.#options.mailboxesChanged?.();
    }
    this.#options.changed();
  }

  /** A relay may have come back with other keys or addresses, or another has taken its place: the directory would know. */
  #trouble(): void {
    const { clock } = this.#options;
    if (++this.#troubles < TROUBLES || this.#failures > 0 || clock.now() - this.#askedAt < this.#newsAfter) return;
    this.#newsAfter = Math.min(2 * this.#newsAfter, REFRESH.least);
    this.#askedAt = clock.now();
    this.#learnNow();
  }
}

/** host:port of a multiaddr, for the screen. */
function shortAddress(multiaddr: string): string {
  const parts = multiaddr.split('/');
  return parts.length >= 5 ? `${parts[2]}:${parts[4]}` : multiaddr;
}
