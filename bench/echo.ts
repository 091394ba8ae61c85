/**
 * A process of its own: the barest that libp2p does through a relay. Two nodes, one stream through circuit-relay-v2 at the address that
 * the parent gives, and 1 KiB that goes there and back.
 *
 *   one ── WebSocket ── relay ── WebSocket ── other
 */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { serveRounds } from './rounds.ts';

const PROTOCOL = '/sotto-bench/echo/1';
const BYTES = 1024;
const WARM = 50;

const node = (listen: readonly string[]) =>
  createLibp2p({
    addresses: { listen: [...listen] },
    transports: [webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false },
    services: { identify: identify() },
  });

serveRounds(async (relay) => {
  const other = await node([`${relay}/p2p-circuit`]);
  await other.handle(PROTOCOL, (stream) => stream.addEventListener('message', ({ data }) => void stream.send(data.subarray())), {
    runOnLimitedConnection: true,
  });
  const one = await node([]);
  const reached = multiaddr(`${relay}/p2p-circuit/p2p/${other.peerId.toString()}`);
  const stream = await one.dialProtocol(reached, PROTOCOL, { runOnLimitedConnection: true });
  const message = crypto.getRandomValues(new Uint8Array(BYTES));
  let left = 0;
  let whole: () => void = () => undefined;
  stream.addEventListener('message', ({ data }) => {
    left -= data.byteLength;
    if (left === 0) whole();
  });
  const round = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    [left, whole] = [BYTES, resolve];
    const start = performance.now();
    stream.send(message);
    await promise;
    return { ms: performance.now() - start };
  };
  for (let i = 0; i < WARM; i++) await round();
  return round;
});
