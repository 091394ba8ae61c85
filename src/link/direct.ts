/**
 * The third door, loaded only when somebody chooses direct mode: a node for direct links over WebRTC, made for one room alone, so that
 * nothing ties it to the link to the guard or to another room (docs/protocol.md §6.1).
 *
 *   dial /…relay…/p2p-circuit/webrtc/p2p/PEER ──► the relay passes on SDP, sealed to the peer ──► WebRTC ──► one stream of /sotto/direct/1
 *
 * No server but the room's signalling relays is asked: no STUN, no TURN.
 */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { Connection, ConnectionGater, Libp2p, PeerId, Stream, Transport } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { webRTC } from '@libp2p/webrtc';
import { yamux } from '@libp2p/yamux';
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { fromHex, toHex, type Clock, type Counters, type Random, type RelayId, type TopicId } from '../base/index.ts';
import type { DirectLimits, DirectLink } from './direct-link.ts';
import { DIRECT_PROTOCOL, MAX_DIRECT_PEERS, type DirectHandler, type DirectId, type DirectNode, type DirectPeer } from './direct-node.ts';
import { DirectPeers, type DirectWire } from './direct-peers.ts';
import { reservationsOf, SignallingRelays, type Reserving } from './direct-relays.ts';
import { mayDial, muxing, sever } from './libp2p.ts';
import { webSocketTransport } from './websocket.ts';

export interface DirectNodeOptions {
  readonly handler: DirectHandler;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly limits?: Partial<DirectLimits>;
  /** Of sealed blobs. bytes */
  readonly sizes: readonly number[];
  /** Relays at which to be found, the best first. */
  readonly signallers: () => readonly RelayId[];
  /** Multiaddrs with /p2p/; none of a relay that is not known. */
  readonly addressesOf: (relay: RelayId) => readonly string[];
  /** May this address be dialled although it is private or plain ws? */
  readonly trusted: (address: string) => boolean;
}

/** WebRTC connections of one load of the page: browsers give out 500 for the life of a process, and reloading brings none back. */
const MAX_MADE = 400;
let made = 0;

/** What a node with this id is called by libp2p. */
const peerIdOf = (id: DirectId): PeerId => peerIdFromPublicKey(publicKeyFromRaw(fromHex(id)));

function idOf(peer: PeerId): DirectId | undefined {
  return peer.type === 'Ed25519' ? (toHex(peer.publicKey.raw) as DirectId) : undefined;
}

export async function directNode(options: DirectNodeOptions): Promise<DirectNode> {
  const door = new Door();
  const reserving = reservationsOf(circuitRelayTransport());
  const node = await createLibp2p({
    start: false,
    nodeInfo: { name: 'sotto', version: '1', userAgent: 'sotto' },
    addresses: { listen: [] },
    transports: [webSocketTransport(), reserving.transport, answeringOnly(webRTC({ rtcConfiguration }), (met) => door.introduces(met))],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(muxing)],
    connectionGater: door.gater(),
    connectionMonitor: { enabled: false },
    connectionManager: {
      dialTimeout: 30_000,
      addressDialTimeout: 30_000,
      inboundUpgradeTimeout: 30_000,
      reconnectRetries: 0,
      inboundConnectionThreshold: 64,
      maxIncomingPendingConnections: MAX_DIRECT_PEERS,
      maxConnections: 64,
    },
    // circuit-relay-v2 and webrtc will not be made without it; it asks nobody anything.
    services: { identify: identify({ runOnConnectionOpen: false }) },
  });
  const direct = new Libp2pDirect(node, options, door, reserving);
  await direct.start();
  return direct;
}

/** No ICE servers: libp2p's own default asks four strangers for this machine's address. */
function rtcConfiguration(): RTCConfiguration {
  if (made >= MAX_MADE) throw new Error('this page has made as many WebRTC connections as a browser gives out');
  made += 1;
  return { iceServers: [] };
}

/**
 * libp2p's WebRTC answers whoever opens a signalling stream, on whatever connection: a relay could ask for SDP on its own. Here it
 * answers on those connections alone that `answers` names.
 */
function answeringOnly<C>(transport: (components: C) => Transport, answers: (met: Connection) => boolean): (components: C) => Transport {
  return (components) => {
    const made = transport(components);
    if (!isSignalled(made)) throw new Error('@libp2p/webrtc has changed: its transport has no _onProtocol to wrap');
    const answer = made._onProtocol.bind(made);
    made._onProtocol = (stream, connection, signal) => {
      if (answers(connection)) return answer(stream, connection, signal);
      stream.abort(new Error('not introduced'));
      return Promise.resolve();
    };
    return made;
  };
}

interface Signalled {
  _onProtocol(stream: Stream, connection: Connection, signal: AbortSignal): Promise<void>;
}

const isSignalled = (transport: object): transport is Transport & Signalled =>
  '_onProtocol' in transport && typeof transport._onProtocol === 'function';

/** The last /p2p/ of an address is whom it leads to. */
const isNamed = (peer: PeerId, address: Multiaddr): boolean => address.toString().endsWith(`/p2p/${peer.toString()}`);

/** Nobody gets in or is dialled but the signalling relays and those who are allowed. */
class Door {
  /** Exactly these may be dialled. */
  readonly addresses = new Set<string>();
  /** PeerIds of the signalling relays. */
  readonly relays = new Set<string>();
  allows: (peer: PeerId) => boolean = () => false;

  /** It came through a relay, from one who is allowed and has proven to be whom the relay named. */
  introduces({ limits, remotePeer, remoteAddr }: Connection): boolean {
    return limits !== undefined && this.allows(remotePeer) && isNamed(remotePeer, remoteAddr);
  }

  gater(): ConnectionGater {
    const known = (peer: PeerId): boolean => this.relays.has(peer.toString()) || this.allows(peer);
    return {
      denyDialMultiaddr: (address) => !this.addresses.has(address.toString()),
      denyDialPeer: (peer) => !known(peer),
      denyOutboundConnection: (peer) => !known(peer),
      denyInboundRelayedConnection: (relay, peer) => !this.relays.has(relay.toString()) || !this.allows(peer),
      // A relay names whoever it introduces: that must be the one who then proves its key.
      denyInboundEncryptedConnection: (peer, { remoteAddr }) => !this.allows(peer) || !isNamed(peer, remoteAddr),
      denyInboundUpgradedConnection: (peer, { remoteAddr }) => !this.allows(peer) || !isNamed(peer, remoteAddr),
    };
  }
}

class Libp2pDirect implements DirectNode {
  readonly id: DirectId;
  readonly #node: Libp2p;
  readonly #options: DirectNodeOptions;
  readonly #door: Door;
  readonly #peers: DirectPeers;
  readonly #relays: SignallingRelays;

  constructor(node: Libp2p, options: DirectNodeOptions, door: Door, reserving: Reserving) {
    const id = idOf(node.peerId);
    if (id === undefined) throw new Error('libp2p has changed: a new node has no Ed25519 key');
    this.id = id;
    this.#node = node;
    this.#options = options;
    this.#door = door;
    this.#peers = new DirectPeers({
      ...options,
      id,
      dial: (peer, within) => this.#dial(peer, within),
      expel: (peer) => this.#expel(peer),
    });
    door.allows = (peer) => {
      const named = idOf(peer);
      return named !== undefined && this.#peers.allows(named);
    };
    this.#relays = new SignallingRelays({
      ...options,
      node,
      reserving,
      addressesOf: (relay) => this.#addressesOf(relay),
      moved: (found) => {
        if (found) this.#peers.hurry();
        options.handler.moved();
      },
    });
  }

  async start(): Promise<void> {
    await this.#node.handle(DIRECT_PROTOCOL, (stream, connection) => this.#met(stream, connection), {
      runOnLimitedConnection: false,
      maxInboundStreams: 1,
      maxOutboundStreams: 1,
    });
    await this.#node.start();
    this.#relays.start();
  }

  relays(): readonly RelayId[] {
    return this.#relays.reserved();
  }

  allow(peers: readonly DirectPeer[]): void {
    this.#peers.allow(peers.filter(({ id }) => id !== this.id));
  }

  linked(): readonly DirectId[] {
    return this.#peers.linked();
  }

  send(peer: DirectId, topic: TopicId, blob: Uint8Array): boolean {
    return this.#peers.send(peer, topic, blob);
  }

  hurry(): void {
    this.#relays.hurry();
    this.#peers.hurry();
  }

  async stop(): Promise<void> {
    this.#relays.stop();
    this.#peers.stop();
    for (const connection of this.#node.getConnections()) sever(connection, 'this node stops');
    await this.#node.stop();
  }

  /** WebSocket addresses of a relay that may be dialled; from now on they are let through. */
  #addressesOf(relay: RelayId): readonly string[] {
    const { addressesOf, trusted } = this.#options;
    const addresses = addressesOf(relay).filter((address) => /\/wss?(\/|$)/.test(address) && mayDial(address, trusted, false));
    for (const address of addresses) {
      this.#door.addresses.add(address);
      const peer = /\/p2p\/([^/]+)$/.exec(address)?.[1];
      if (peer !== undefined) this.#door.relays.add(peer);
    }
    return addresses;
  }

  /** By one relay after the other, since of a handshake that fails libp2p says nothing and waits. */
  async #dial({ id, relays }: DirectPeer, within: number): Promise<DirectWire> {
    const peer = peerIdOf(id);
    const addresses = relays.flatMap((relay) => this.#addressesOf(relay));
    let why: unknown = new Error('none of the relays at which the other is found is known here');
    for (const address of addresses) {
      try {
        return await this.#dialBy(`${address}/p2p-circuit/webrtc/p2p/${peer.toString()}`, peer, within);
      } catch (error) {
        why = error;
      }
    }
    throw why;
  }

  async #dialBy(way: string, peer: PeerId, within: number): Promise<DirectWire> {
    this.#door.addresses.add(way);
    // What is left of an earlier try would be taken for the way to the peer.
    for (const connection of this.#node.getConnections(peer)) sever(connection, 'tried anew');
    const connection = await this.#node.dial(multiaddr(way), { signal: AbortSignal.timeout(within) });
    try {
      if (connection.limits !== undefined) throw new Error('the link goes through a relay');
      const stream = await connection.newStream(DIRECT_PROTOCOL, { negotiateFully: true });
      return wireOf(stream, connection);
    } catch (error) {
      sever(connection, 'no direct stream');
      throw error;
    } finally {
      this.#dropOthers(peer, connection);
    }
  }

  #met(stream: Stream, connection: Connection): void {
    const peer = idOf(connection.remotePeer);
    if (peer === undefined || connection.limits !== undefined) return sever(connection, 'not a direct link');
    this.#peers.adopt(peer, wireOf(stream, connection));
    this.#dropOthers(connection.remotePeer, connection);
  }

  /**
   * The connection through the relay has done what it was for. So has one of a try that the other has given up: of its end WebRTC tells
   * this side half a minute later.
   */
  #dropOthers(peer: PeerId, kept: Connection): void {
    for (const connection of this.#node.getConnections(peer)) if (connection !== kept) sever(connection, 'another one is the link');
  }

  #expel(id: DirectId): void {
    for (const connection of this.#node.getConnections(peerIdOf(id))) sever(connection, 'no longer agreed');
  }
}

/** A stream as the way to a peer; the connection ends with it. */
function wireOf(stream: Stream, connection: Connection): DirectWire {
  const pipe = { write: (bytes: Uint8Array<ArrayBuffer>) => stream.send(bytes), close: (why: string) => sever(connection, why) };
  const attach = (link: DirectLink): void => {
    stream.addEventListener('message', ({ data }) => link.receive(data.subarray()));
    stream.addEventListener('drain', () => link.drained());
    const over = (why: string) => (): void => {
      link.ended(why);
      sever(connection, why);
    };
    stream.addEventListener('close', over('the connection ended'));
    stream.addEventListener('remoteCloseWrite', over('the other side closed the link'));
  };
  return { pipe, attach };
}
