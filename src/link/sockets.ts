/**
 * Bounds for the sockets of a listening node, before libp2p knows of them. A stranger's socket is closed when too many are open
 * (in all, and from one host), or when it has not become a WebSocket in time; its errors are counted and end nothing else.
 *
 *   accept ──► too many? destroy ──► deadline ──► HTTP upgrade ──► deadline off ──► libp2p (its own 10 s to finish Noise)
 */
import { Server, type Socket } from 'node:net';
import type { CreateListenerOptions, Listener, Transport } from '@libp2p/interface';
import type { Clock, Counters } from '../base/index.ts';
import { resettable } from './websocket.ts';

export interface SocketLimits {
  /** Sockets open in all. */
  readonly total: number;
  /** Sockets open from one host. Loopback counts in the total alone: behind a reverse proxy everyone comes from there. */
  readonly perHost: number;
  /** ms from accepting to the end of the HTTP upgrade. */
  readonly upgrade: number;
  /** Bytes of one WebSocket message, which is taken in before Noise has proven anything. */
  readonly message: number;
}

export const socketLimits: SocketLimits = { total: 1024, perHost: 128, upgrade: 10_000, message: 1 << 20 };

export class SocketGuard {
  readonly #limits: SocketLimits;
  readonly #counters: Counters;
  readonly #clock: Clock;
  readonly #deadlines = new WeakMap<Socket, () => void>();
  readonly #perHost = new Map<string, number>();
  #open = 0;

  constructor(limits: SocketLimits, counters: Counters, clock: Clock) {
    this.#limits = limits;
    this.#counters = counters;
    this.#clock = clock;
  }

  /** Wraps a transport so that what it listens with is guarded. `webSocket`: the transport is libp2p's WebSockets. */
  wrap<C>(transport: (components: C) => Transport, webSocket: boolean): (components: C) => Transport {
    return (components) => {
      const made = transport(components);
      const createListener = made.createListener.bind(made);
      made.createListener = (options: CreateListenerOptions): Listener => {
        const listener = createListener(options);
        serverOf(listener).prependListener('connection', (socket) => this.#accept(socket, webSocket));
        if (webSocket) this.#guardWebSockets(listener);
        return listener;
      };
      return made;
    };
  }

  #accept(socket: Socket, webSocket: boolean): void {
    socket.on('error', () => this.#counters.count('socket-error'));
    const host = socket.remoteAddress ?? 'unknown';
    const loopback = host === '::1' || /^(::ffff:)?127\./.test(host);
    const fromHost = this.#perHost.get(host) ?? 0;
    if (this.#open >= this.#limits.total || (!loopback && fromHost >= this.#limits.perHost)) {
      this.#counters.count('socket-refused');
      socket.destroy();
      return;
    }
    this.#open += 1;
    this.#perHost.set(host, fromHost + 1);
    const cancel = webSocket ? this.#clock.after(this.#limits.upgrade, () => this.#expire(socket)) : () => undefined;
    this.#deadlines.set(socket, cancel);
    socket.once('close', () => {
      cancel();
      this.#open -= 1;
      const left = (this.#perHost.get(host) ?? 1) - 1;
      if (left > 0) this.#perHost.set(host, left);
      else this.#perHost.delete(host);
    });
  }

  #expire(socket: Socket): void {
    this.#counters.count('socket-half-open');
    socket.destroy();
  }

  /** @libp2p/websockets gives inbound sockets no error listener (one unmasked frame would end the process) and no bound on a message. */
  #guardWebSockets(listener: Listener): void {
    if (!isWebSocketListener(listener))
      throw new Error('@libp2p/websockets has changed: its listener has no wsServer or onWsServerConnection to guard');
    listener.wsServer.options.maxPayload = this.#limits.message;
    const connected = listener.onWsServerConnection.bind(listener);
    listener.onWsServerConnection = (webSocket, request) => {
      webSocket.on('error', () => {
        this.#counters.count('websocket-error');
        // It would wait for the other side's goodbye, and read on until then.
        webSocket.terminate();
      });
      this.#deadlines.get(request.socket)?.();
      connected(
        resettable(webSocket, () => webSocket.terminate()),
        request,
      );
    };
  }
}

interface WebSocketListener {
  readonly wsServer: { readonly options: { maxPayload?: number } };
  onWsServerConnection(webSocket: InboundWebSocket, request: { readonly socket: Socket }): void;
}

interface InboundWebSocket {
  on(event: 'error', listener: () => void): void;
  close(code?: number, reason?: string): void;
  /** Ends the socket without waiting for the other side. */
  terminate(): void;
}

const isWebSocketListener = (listener: object): listener is WebSocketListener =>
  'wsServer' in listener && 'onWsServerConnection' in listener && typeof listener.onWsServerConnection === 'function';

function serverOf(listener: object): Server {
  if ('server' in listener && listener.server instanceof Server) return listener.server;
  throw new Error('libp2p has changed: a listener has no net.Server to guard');
}
