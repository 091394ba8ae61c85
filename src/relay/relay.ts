/**
 * A relay on a disk and on libp2p: its keys and blobs in one folder, its neighbours over WebSocket and TCP.
 *
 *   config ──► state (keys, mailbox.db), tap ──► assembly.ts ──► listening
 */
import { Counters, systemClock, systemRandom, type Clock, type Random, type RelayId } from '../base/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import type { Anchor } from '../directory/index.ts';
import { libp2pLink } from '../link/index.ts';
import { relayLink, type ReservationLimits, type SocketLimits } from '../link/node.ts';
import type { MailboxLimits } from '../mailbox/index.ts';
import { SqliteBlobStore } from '../mailbox/node.ts';
import type { HopLimits } from '../onion/index.ts';
import { DESCRIPTOR_TOPIC } from './announcer.ts';
import { AssembledRelay, type Relay } from './assembly.ts';
import type { RelayLimits, RelaySettings } from './config.ts';
import { RelayState } from './state.ts';
import { Tap } from './tap.ts';

export interface RelayConfig extends Omit<RelaySettings, 'anchors'> {
  readonly anchors: readonly Anchor[];
  readonly log?: (line: string) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Starts a relay. Rejects when its state is damaged or it cannot listen. */
export async function createRelay(config: RelayConfig): Promise<Relay> {
  await initCryptoNode();
  const { clock = systemClock, random = systemRandom, log = () => undefined, limits } = config;
  const state = new RelayState(config.state);
  const { id, root, libp2pSeed } = await state.identity(random);
  const counters = new Counters();
  const tap = config.tap === undefined ? undefined : new Tap(config.tap, clock);
  const relay = new AssembledRelay({
    ...config,
    id,
    root,
    clock,
    random,
    counters,
    log,
    tap,
    onionKeys: state,
    blobs: new SqliteBlobStore(state.claim('mailbox.db'), random),
    hopLimits: hopLimits(limits),
    mailboxLimits: mailboxLimits(limits),
    listen: (handler, trusted, knows) =>
      relayLink({
        handler,
        clock,
        counters,
        witness: tap,
        seed: libp2pSeed,
        listen: listenAt(config),
        announce: config.announce,
        topics: [DESCRIPTOR_TOPIC],
        sockets: socketLimits(limits),
        reservations: reservationLimits(limits),
        trusted,
        knows,
      }),
    visit: (handler, trusted) => libp2pLink({ handler, clock, trusted }),
  });
  await relay.start();
  return relay;
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

const given = <Limits>(limits: { readonly [Key in keyof Limits]: Limits[Key] | undefined }): Partial<Limits> =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as Partial<Limits>;

function socketLimits({ connections, connectionsPerHost, strangerBytesPerSecond: shareAll }: Partial<RelayLimits>): Partial<SocketLimits> {
  const shareEach = shareAll === undefined ? undefined : shareAll / 2;
  return given<Pick<SocketLimits, 'total' | 'perHost' | 'shareAll' | 'shareEach'>>({
    total: connections,
    perHost: connectionsPerHost,
    shareAll,
    shareEach,
  });
}
const hopLimits = ({ circuits, circuitsPerLink, createsPerSecond }: Partial<RelayLimits>): Partial<HopLimits> =>
  given<Pick<HopLimits, 'circuits' | 'circuitsPerLink' | 'createsPerSecond'>>({ circuits, circuitsPerLink, createsPerSecond });
const reservationLimits = ({ reservations, reservationsPerHost }: Partial<RelayLimits>): Partial<ReservationLimits> =>
  given<Pick<ReservationLimits, 'reservations' | 'reservationsPerHost'>>({ reservations, reservationsPerHost });
const mailboxLimits = ({ mailboxBytes, topicBytes }: Partial<RelayLimits>): Partial<MailboxLimits> =>
  given<Pick<MailboxLimits, 'bytes' | 'topicBytes'>>({ bytes: mailboxBytes, topicBytes });
