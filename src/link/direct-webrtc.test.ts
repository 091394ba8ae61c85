/** Direct links over real WebRTC, introduced by real relays; in Node, where libp2p brings its own WebRTC. */
import { describe, expect, it, vi } from 'vitest';
import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { Connection } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { concat, Counters, fromHex, relayId, systemClock, systemRandom, toHex, utf8, type RelayId } from '../base/index.ts';
import { Recorder } from './contract.ts';
import { contractSizes, directContract, DirectRecorder } from './direct-contract.ts';
import { DIRECT_PROTOCOL, type DirectHandler, type DirectId, type DirectNode } from './direct-node.ts';
import { directNode } from './direct.ts';
import type { LinkNode } from './link.ts';
import { relayLink } from './node.ts';

/** Several dials that come to nothing after 20 s each, as on a machine that does ten other things. */
const WITHIN = 150_000;
// A WebRTC dial that comes to nothing does so after 20 s, and the next one follows.
vi.setConfig({ testTimeout: 480_000 });

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + WITHIN; !condition();) {
    if (Date.now() > end) throw new Error('the condition never came true');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ids = [1, 2].map((n) => relayId(new Uint8Array(32).fill(n)));

/** A relay that comes back as the same: with its key, at its port, however soon it lets go of its connections. */
async function relay(n: number, port: number): Promise<LinkNode> {
  return relayLink({
    handler: new Recorder(),
    clock: systemClock,
    trusted: () => true,
    seed: new Uint8Array(32).fill(n),
    listen: [`/ip4/127.0.0.1/tcp/${port}/ws`],
    topics: [],
    patience: 300,
  });
}

const portOf = (node: LinkNode): number => Number(/tcp\/(\d+)/.exec(node.addresses()[0] ?? '')?.[1]);

/** A node as the product makes them, found at these relays. */
const nodeAt = (handler: DirectHandler, relays: readonly RelayId[], addressesOf: (id: RelayId) => readonly string[]): Promise<DirectNode> =>
  directNode({
    handler,
    clock: systemClock,
    random: systemRandom,
    counters: new Counters(),
    sizes: contractSizes,
    signallers: () => relays,
    addressesOf,
    trusted: () => true,
  });

directContract('libp2p WebRTC', async () => {
  let relays: LinkNode[] = await Promise.all([relay(1, 0), relay(2, 0)]);
  const ports = relays.map(portOf);
  const addresses = new Map<RelayId, readonly string[]>(ids.map((id, i) => [id, relays[i]?.addresses() ?? []]));
  const nodes: DirectNode[] = [];
  return {
    async node(handler) {
      const node = await nodeAt(handler, ids, (id) => addresses.get(id) ?? []);
      nodes.push(node);
      return node;
    },
    until,
    async relays(up) {
      if (!up) await Promise.all(relays.map((each) => each.stop()));
      else relays = await Promise.all(ports.map((port, i) => relay(i + 1, port)));
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await Promise.all(relays.map((each) => each.stop()));
    },
  };
});

/** An SDP offer as the signalling protocol carries it: length | type 0 | data. */
async function offer(): Promise<Uint8Array> {
  const { RTCPeerConnection } = await import('node-datachannel/polyfill');
  const connection = new RTCPeerConnection({ iceServers: [] });
  connection.createDataChannel('init');
  const { sdp = '' } = await connection.createOffer();
  connection.close();
  const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);
  const data = utf8(sdp);
  const message = concat(Uint8Array.of(8, 0, 0x12, ...varint(data.length)), data);
  return concat(Uint8Array.from(varint(message.length)), message);
}

describe('one who dials twice', () => {
  it('is left with the connection that became the link, however well the other one stands', async () => {
    const libp2p = await Promise.all([
      import('libp2p'),
      import('@libp2p/circuit-relay-v2'),
      import('@libp2p/identify'),
      import('@libp2p/noise'),
      import('@libp2p/webrtc'),
      import('@libp2p/websockets'),
      import('@libp2p/yamux'),
    ]);
    const [{ createLibp2p }, { circuitRelayTransport }, { identify }, { noise }, { webRTC }, { webSockets }, { yamux }] = libp2p;
    const middle = await relay(1, 0);
    const node = await nodeAt(new DirectRecorder(), ids.slice(0, 1), () => middle.addresses());
    const other = await createLibp2p({
      transports: [webSockets(), circuitRelayTransport(), webRTC({ rtcConfiguration: { iceServers: [] } })],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionGater: { denyDialMultiaddr: () => false },
      services: { identify: identify({ runOnConnectionOpen: false }) },
    });
    const otherId = toHex(other.peerId.publicKey?.raw ?? new Uint8Array()) as DirectId;
    await until(() => node.relays().length === 1);
    node.allow([{ id: otherId, relays: [] }]);
    const called = peerIdFromPublicKey(publicKeyFromRaw(fromHex(node.id))).toString();
    const way = multiaddr(`${middle.addresses()[0]}/p2p-circuit/webrtc/p2p/${called}`);
    // On a busy machine one of many handshakes fails in Node's WebRTC (src/link/direct-peers.ts tries again as well).
    const dialled = async (tries = 5): Promise<Connection> => {
      const dialling = other.dial(way, { force: true, signal: AbortSignal.timeout(30_000) });
      return tries === 1 ? dialling : dialling.catch(() => dialled(tries - 1));
    };
    const first = await dialled();
    const second = await dialled();
    expect([first, second].map(({ status, limits }) => [status, limits])).toEqual([
      ['open', undefined],
      ['open', undefined],
    ]);
    await second.newStream(DIRECT_PROTOCOL, { negotiateFully: true });
    await until(() => node.linked().includes(otherId) && first.status !== 'open');
    expect(second.status).toBe('open');
    await other.stop();
    await node.stop();
    await middle.stop();
  });
});

describe('a relay that asks for addresses itself', () => {
  it('is not answered: SDP is for those who are allowed, and come through a relay', async () => {
    const libp2p = await Promise.all([
      import('libp2p'),
      import('@libp2p/circuit-relay-v2'),
      import('@libp2p/identify'),
      import('@libp2p/noise'),
      import('@libp2p/websockets'),
      import('@libp2p/yamux'),
    ]);
    const [{ createLibp2p }, { circuitRelayServer }, { identify }, { noise }, { webSockets }, { yamux }] = libp2p;
    const prying = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
      transports: [webSockets()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify(), relay: circuitRelayServer() },
    });
    const node = await nodeAt(new DirectRecorder(), ids.slice(0, 1), () => prying.getMultiaddrs().map(String));
    await until(() => node.relays().length === 1);
    const said = await offer();
    const stream = await prying.getConnections()[0]?.newStream('/webrtc-signaling/0.0.1');
    let answered = false;
    stream?.addEventListener('message', () => (answered = true));
    if (stream?.status === 'open') stream.send(said);
    await until(() => answered || (stream !== undefined && stream.status !== 'open'));
    expect(answered).toBe(false);
    await node.stop();
    await prying.stop();
  });
});
