/** The second door, for Node alone: a link node that listens, passes others on (circuit-relay-v2, for signalling) and gossips. */
import { circuitRelayServer, RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import type { PeerId } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { Counters, isRefusal } from '../base/index.ts';
import { parseAddress } from './address.ts';
import { gossipOptions, gossipOver } from './gossip.ts';
import { hostPort, Libp2pNode, mayDial, muxing, sever, type Libp2pLinkOptions } from './libp2p.ts';
import type { LinkNode } from './link.ts';
import { Reservations, relayServing, reservationLimits, type ReservationLimits } from './reservations.ts';
import { SocketGuard, socketLimits, type SocketLimits } from './sockets.ts';
import { webSocketTransport } from './websocket.ts';

export { reservationLimits, socketLimits, type ReservationLimits, type SocketLimits };

export interface RelayLinkOptions extends Libp2pLinkOptions {
  /** Ed25519 seed of the libp2p key, kept over restarts. bytes: 32 */
  readonly seed: Uint8Array;
  /** Multiaddrs to listen at, as /ip4/0.0.0.0/tcp/9001/ws and /ip4/0.0.0.0/tcp/9002. */
  readonly listen: readonly string[];
  /** Multiaddrs to tell others, when those listened at are not it (a host name, a reverse proxy). */
  readonly announce?: readonly string[];
  /** The topics of gossip that this node may subscribe to. */
  readonly topics: readonly string[];
  readonly sockets?: Partial<SocketLimits>;
  readonly reservations?: Partial<ReservationLimits>;
  /** That PeerId is a relay's whose descriptor is held: it may send more than a stranger. */
  readonly knows?: (peer: string) => boolean;
  /** ms in which a connection must have opened its cell stream. */
  readonly patience?: number;
}

/** Connections that a host may open in one second, and that may be on the way to Noise at one time. */
const ARRIVALS = 256;

/** Rejects when it cannot listen at the addresses given. */
export async function relayLink(options: RelayLinkOptions): Promise<LinkNode> {
  const counters = options.counters ?? new Counters();
  const guard = new SocketGuard({ ...socketLimits, ...options.sockets }, counters, options.clock, options.knows);
  const bounds = { ...reservationLimits, ...options.reservations };
  const reservations = new Reservations(bounds, counters);
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
    addresses: { listen: [...options.listen], announce: [...(options.announce ?? [])] },
    transports: [guard.wrap(webSocketTransport(), true), guard.wrap(tcp({ inboundSocketInactivityTimeout: 120_000 }), false)],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(muxing)],
    connectionGater: {
      denyDialMultiaddr: (address) => !mayDial(address.toString(), options.trusted, true),
      denyInboundRelayReservation: (peer) => {
        options.witness?.found?.(peer.toString(), remoteOf(peer));
        return reservations.denies(peer);
      },
      denyOutboundRelayedConnection: (from, to) => {
        counters.count('connections-relayed');
        options.witness?.introduced?.(from.toString(), remoteOf(from), to.toString(), remoteOf(to));
        return false;
      },
    },
    connectionMonitor: { enabled: false },
    connectionManager: {
      dialTimeout: 15_000,
      addressDialTimeout: 10_000,
      reconnectRetries: 0,
      inboundUpgradeTimeout: 10_000,
      inboundConnectionThreshold: ARRIVALS,
      maxIncomingPendingConnections: ARRIVALS,
      // The sockets are bounded where they are accepted; libp2p's own way would close old neighbours to let new ones in.
      maxConnections: Number.MAX_SAFE_INTEGER,
    },
    services: {
      identify: identify({ maxInboundStreams: 2, maxOutboundStreams: 2 }),
      relay: circuitRelayServer(relayServing(bounds)),
      gossip: gossipsub(gossipOptions(options.topics)),
    },
  });
  const remoteOf = (peer: PeerId): string => hostPort(node.getConnections(peer)[0]?.remoteAddr);
  reservations.keep(node.services.relay.reservations, (peer) => node.getConnections(peer));
  node.addEventListener('connection:open', ({ detail: { direction, remoteAddr, remotePeer } }) => {
    const address = parseAddress(remoteAddr.toString());
    if (direction === 'inbound' && !isRefusal(address)) guard.met(address.host, address.port, remotePeer.toString());
  });
  node.addEventListener('peer:disconnect', ({ detail: peer }) => {
    reservations.end(peer);
    // Every page load is a peer of its own: what was learned of it is of no use any more.
    node.peerStore.delete(peer).catch(() => counters.count('peer-not-forgotten'));
  });
  const dismiss = (peer: string): void => {
    for (const connection of node.getConnections()) if (connection.remotePeer.toString() === peer) sever(connection, 'sent bad gossip');
  };
  const links = new Libp2pNode(node, { ...options, counters }, gossipOver(node.services.gossip, counters, dismiss));
  // A tab that may be found here for direct links, or is being introduced to one, speaks no cells on that connection.
  await links.serve(
    options.patience ?? 30_000,
    (connection) => reservations.has(connection.remotePeer) || connection.streams.some(({ protocol }) => protocol === RELAY_V2_HOP_CODEC),
  );
  return links;
}

/** The PeerId that a seed gives, as it stands after /p2p/ in multiaddrs. */
export async function peerIdOf(seed: Uint8Array): Promise<string> {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed)).toString();
}
