/**
 * libp2p's WebSockets, with an abort that ends the socket. The transport resets a connection by `close(1006)`, a code that no
 * implementation accepts from a caller: it throws, the error is logged, and the socket would stay open for as long as the other side likes.
 */
import type { Transport } from '@libp2p/interface';
import { webSockets } from '@libp2p/websockets';

interface Closable {
  close(code?: number, reason?: string): void;
}

/** Bytes that may wait in a WebSocket before its writer is held back. */
const MAX_BUFFERED = 1 << 20;

type Components = Parameters<ReturnType<typeof webSockets>>[0];

export function webSocketTransport(): (components: Components) => Transport {
  return (components) => {
    const transport = webSockets({ maxBufferedAmount: MAX_BUFFERED })(components);
    if (!connects(transport)) throw new Error('@libp2p/websockets has changed: it has no _connect to wrap');
    const connect = transport._connect.bind(transport);
    transport._connect = async (...args) => resettable(await connect(...args), (socket) => socket.close());
    return transport;
  };
}

/** Makes the socket end, by `reset`, when it is told to close with code 1006. */
export function resettable<Socket extends Closable>(socket: Socket, reset: (socket: Closable) => void): Socket {
  const close = socket.close.bind(socket);
  const plain: Closable = { close };
  socket.close = (code, reason) => (code === 1006 ? reset(plain) : close(code, reason));
  return socket;
}

interface Connecting {
  _connect(...args: readonly unknown[]): Promise<Closable>;
}

const connects = (transport: object): transport is Transport & Connecting =>
  '_connect' in transport && typeof transport._connect === 'function';
