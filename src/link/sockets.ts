/**
 * Bounds for the sockets of a listening node, before libp2p knows of them. A stranger's socket is closed when too many are open
 * (in all, and from one host), or when it has not become a WebSocket in time; its errors are counted and end nothing else.
 *
 *   accept ──► too many? destroy ──► deadline ──► HTTP upgrade ──► deadline off ──► arrivals.ts ──► libp2p (its own 10 s to finish Noise)
 *                                                                                     └──► shares.ts: how much is read of each
 */
import { Server, type Socket } from 'node:net';
import type { CreateListenerOptions, Listener, Transport } from '@libp2p/interface';
import type { Clock, Counters } from '../base/index.ts';
import { Arrivals, type ArrivalLimits } from './arrivals.ts';
import { hostOf, isLoopback } from './host.ts';
import { Shares, type Share, type ShareLimits, type Source } from './shares.ts';
import { resettable } from './websocket.ts';

export interface SocketLimits extends ArrivalLimits, ShareLimits {
  /** Sockets open in all. */
  readonly total: number;
  /** Sockets open from one host. Loopback counts in the total alone: behind a reverse proxy everyone comes from there. */
  readonly perHost: number;
  /** ms from accepting to the end of the HTTP upgrade. */
  readonly upgrade: number;
  /** Bytes of one WebSocket message, which is taken in before Noise has proven anything. */
  readonly message: number;
}

/** What a message costs beside its bytes: a thousand of thirty bytes are more work than one of thirty thousand. */
const MESSAGE_COST = 512;
const KIB = 1024;
const MIB = KIB * KIB;

export const socketLimits: SocketLimits = {
  total: 1024,
  perHost: 128,
  upgrade: 10_000,
  message: 256 * KIB,
  arrivalsPerSecond: 40,
  arrivalsAtOnce: 64,
  arrivalsWaiting: 256,
  shareBurst: 256 * KIB,
  shareEach: MIB / 2,
  shareAll: MIB,
  shareLeast: 16 * KIB,
  shareRelay: 32 * MIB,
};

export class SocketGuard {
  readonly #limits: SocketLimits;
  readonly #counters: Counters;
  readonly #clock: Clock;
  readonly #knows: (peer: string) => boolean;
  readonly #arrivals: Arrivals;
  readonly #shares: Shares;
  readonly #deadlines = new WeakMap<Socket, () => void>();
  readonly #perHost = new Map<string, number>();
  /** Who is at the other end, by host and port, once Noise has told. */
  readonly #peers = new Map<string, string>();
  #open = 0;

  /** `knows`: the PeerId is a relay's whose descriptor is held. */
  constructor(limits: SocketLimits, counters: Counters, clock: Clock, knows: (peer: string) => boolean = () => false) {
    this.#limits = limits;
    this.#counters = counters;
    this.#clock = clock;
    this.#knows = knows;
    this.#arrivals = new Arrivals(clock, limits);
    this.#shares = new Shares(clock, limits, counters);
  }

  /** Noise has told who it is at that host and port. */
  met(host: string, port: number, peer: string): void {
    const name = nameOf(host, port);
    if (this.#peers.has(name)) this.#peers.set(name, peer);
  }

  /** Wraps a transport so that what it listens with is guarded. `webSocket`: the transport is libp2p's WebSockets. */
  wrap<C>(transport: (components: C) => Transport, webSocket: boolean): (components: C) => Transport {
    return (components) => {
      const made = transport(components);
      const createListener = made.createListener.bind(made);
      made.createListener = (options: CreateListenerOptions): Listener => {
        const listener = createListener(options);
        if (webSocket) this.#guardWebSockets(listener);
        else this.#guardSockets(serverOf(listener));
        return listener;
      };
      return made;
    };
  }

  /** False when it was refused. */
  #accept(socket: Socket): boolean {
    socket.on('error', () => this.#counters.count('socket-error'));
    const host = hostAt(socket);
    const fromHost = this.#perHost.get(host) ?? 0;
    if (this.#open >= this.#limits.total || (!isLoopback(host) && fromHost >= this.#limits.perHost)) return this.#refuse(socket);
    const name = nameOf(socket.remoteAddress, socket.remotePort);
    this.#open += 1;
    this.#perHost.set(host, fromHost + 1);
    this.#peers.set(name, '');
    socket.once('close', () => {
      this.#deadlines.get(socket)?.();
      this.#open -= 1;
      this.#peers.delete(name);
      const left = (this.#perHost.get(host) ?? 1) - 1;
      if (left > 0) this.#perHost.set(host, left);
      else this.#perHost.delete(host);
    });
    return true;
  }

  #refuse(socket: Socket): false {
    this.#counters.count('socket-refused');
    socket.destroy();
    return false;
  }

  /** Plain TCP: libp2p gets the socket when its turn has come. Until then nobody reads from it. */
  #guardSockets(server: Server): void {
    const connected = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket) => {
      if (!this.#accept(socket)) return;
      this.#arrive(socket, socket, () => {
        for (const listener of connected) listener.call(server, socket);
      });
    });
  }

  #arrive(socket: Socket, source: Source, begin: (share: Share) => void): void {
    const host = hostAt(socket);
    const name = nameOf(socket.remoteAddress, socket.remotePort);
    const admitted = this.#arrivals.admit(host, () => {
      if (socket.destroyed) return;
      const share = this.#shares.of(source, () => this.#knows(this.#peers.get(name) ?? ''));
      begin(share);
      socket.on('data', (data) => share.took(data.length));
      socket.once('close', () => share.end());
    });
    if (!admitted) this.#refuse(socket);
  }

  #expire(socket: Socket): void {
    this.#counters.count('socket-half-open');
    socket.destroy();
  }

  /** @libp2p/websockets gives inbound sockets no error listener (one unmasked frame would end the process) and no bound on a message. */
  #guardWebSockets(listener: Listener): void {
    if (!isWebSocketListener(listener))
      throw new Error('@libp2p/websockets has changed: its listener has no wsServer or onWsServerConnection to guard');
    serverOf(listener).prependListener('connection', (socket) => {
      if (!this.#accept(socket)) return;
      this.#deadlines.set(
        socket,
        this.#clock.after(this.#limits.upgrade, () => this.#expire(socket)),
      );
    });
    listener.wsServer.options.maxPayload = this.#limits.message;
    const connected = listener.onWsServerConnection.bind(listener);
    listener.onWsServerConnection = (webSocket, request) => {
      webSocket.on('error', () => {
        this.#counters.count('websocket-error');
        // It would wait for the other side's goodbye, and read on until then.
        webSocket.terminate();
      });
      this.#deadlines.get(request.socket)?.();
      // What it says before its turn has come would find no listener.
      webSocket.pause();
      this.#arrive(request.socket, webSocket, (share) => {
        connected(
          resettable(webSocket, () => webSocket.terminate()),
          request,
        );
        webSocket.on('message', () => share.took(MESSAGE_COST));
        webSocket.resume();
      });
    };
  }
}

const hostAt = ({ remoteAddress }: Socket): string => hostOf(remoteAddress ?? 'unknown');
const nameOf = (address: string | undefined, port: number | undefined): string => `${address?.replace(/^::ffff:/, '') ?? ''} ${port ?? 0}`;

interface WebSocketListener {
  readonly wsServer: { readonly options: { maxPayload?: number } };
  onWsServerConnection(webSocket: InboundWebSocket, request: { readonly socket: Socket }): void;
}

interface InboundWebSocket extends Source {
  on(event: 'error' | 'message', listener: () => void): void;
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
