/** A process of its own: a relay of circuit-relay-v2 and nothing else. Its first answer tells where it is; it has no rounds. */
import { circuitRelayServer } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';

const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
  transports: [webSockets()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionMonitor: { enabled: false },
  services: { identify: identify(), relay: circuitRelayServer({ reservations: { applyDefaultLimit: false } }) },
});
process.on('disconnect', () => process.exit(0));
process.send?.({ address: node.getMultiaddrs()[0]?.toString() });
