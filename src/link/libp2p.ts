/**
 * Links over libp2p: the only place that knows it, with node.ts for what a relay adds. The transport's own encryption (Noise) is
 * hygiene and is not relied on (docs/protocol.md §3); it names the neighbour by its PeerId, so that no link goes to another.
 *
 *   dial ──► connection (WebSocket, Noise, yamux) ──► one stream of /sotto/cell/1 ──► Neighbour
 */
import { noise } from '@libp2p/noise';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { yamux } from '@libp2p/yamux';
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { Counters, isRefusal, type Bytes, type Cancel, type Clock } from '../base/index.ts';
import { parseAddress } from './address.ts';
import { CELL_PROTOCOL, type CellLink, type LinkHandler, type LinkNode, type LinkWitness } from './link.ts';
import { Neighbour, type LinkLimits } from './neighbour.ts';
import { webSocketTransport } from './websocket.ts';
import { sparing } from './window.ts';

export interface Libp2pLinkOptions {
  readonly handler: LinkHandler;
  readonly clock: Clock;
  readonly counters?: Counters;
  readonly limits?: Partial<LinkLimits>;
  readonly witness?: LinkWitness | undefined;
  /** May this address be dialled although it is private, or (in a tab) plain ws? True for anchors and what a person typed in. */
  readonly trusted: (address: string) => boolean;
}

/**
 * A node that dials and does not listen, for tabs and headless peers: WebSockets only, a fresh PeerId each time, no identify, no
 * discovery, nothing dialled that was not asked for.
 */
export async function libp2pLink(options: Libp2pLinkOptions): Promise<LinkNode> {
  const node = await createLibp2p({
    transports: [webSocketTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(muxing)],
    connectionGater: { denyDialMultiaddr: (address) => !mayDial(address.toString(), options.trusted, false) },
    // Heartbeats are ours: libp2p's own monitor would ping by a protocol of its own.
    connectionMonitor: { enabled: false },
    connectionManager: { dialTimeout: 15_000, addressDialTimeout: 10_000, reconnectRetries: 0 },
  });
  return new Libp2pNode(node, options, noGossip);
}

/** Streams that a neighbour may open over one connection. */
export const muxing = { maxInboundStreams: 16, maxOutboundStreams: 16, enableKeepAlive: false } as const;

/** Public addresses in TLS may always be dialled; `plain`: in clear too, as relays do among themselves. The rest only when trusted. */
export function mayDial(text: string, trusted: (address: string) => boolean, plain: boolean): boolean {
  const address = parseAddress(text);
  if (isRefusal(address)) return false;
  return trusted(text) || (address.public && (plain || address.transport === 'wss'));
}

export type Gossip = Pick<LinkNode, 'publish' | 'subscribe'>;
const noGossip: Gossip = { publish: () => undefined, subscribe: () => undefined };

export class Libp2pNode implements LinkNode {
  readonly #node: Libp2p;
  readonly #options: Libp2pLinkOptions;
  readonly #gossip: Gossip;
  readonly #counters: Counters;
  /** Open links by PeerId. */
  readonly #links = new Map<string, CellLink>();
  readonly #dialling = new Map<string, Promise<CellLink>>();

  constructor(node: Libp2p, options: Libp2pLinkOptions, gossip: Gossip) {
    this.#node = node;
    this.#options = options;
    this.#gossip = gossip;
    this.#counters = options.counters ?? new Counters();
  }

  /**
   * Begins to answer those who dial this node, and to close connections that open no link within `patience` ms, but for those that
   * `serves` says are there for something else; these are looked at again.
   */
  async serve(patience: number, serves: (connection: Connection) => boolean = () => false): Promise<void> {
    await this.#node.handle(CELL_PROTOCOL, (stream, connection) => void this.#adopt(stream, connection, false), {
      maxInboundStreams: 1,
      maxOutboundStreams: 1,
    });
    this.#node.addEventListener('connection:open', ({ detail: connection }) => {
      let cancel: Cancel = () => undefined;
      const look = (): void => {
        cancel = this.#options.clock.after(patience, () => {
          if (connection.status !== 'open' || connection.streams.some((stream) => stream.protocol === CELL_PROTOCOL)) return;
          if (serves(connection)) return look();
          this.#counters.count('connection-without-link');
          sever(connection, 'no cell stream');
        });
      };
      look();
      // Or the timer would keep what has ended.
      connection.addEventListener('close', () => cancel(), { once: true });
    });
  }

  async dial(addresses: readonly string[], signal?: AbortSignal): Promise<CellLink> {
    const reasons: string[] = [];
    for (const address of addresses) {
      signal?.throwIfAborted();
      const parsed = parseAddress(address);
      if (isRefusal(parsed) || parsed.peer === undefined) {
        reasons.push(`${address}: not a multiaddr with a /p2p/ part`);
        continue;
      }
      const open = this.#links.get(parsed.peer);
      if (open !== undefined && !open.closed) return open;
      try {
        return await this.#dialOnce(parsed.peer, multiaddr(address), signal);
      } catch (error) {
        reasons.push(`${address}: ${reason(error)}`);
      }
    }
    throw new Error(reasons.length > 0 ? `no neighbour answered (${reasons.join('; ')})` : 'no address to dial');
  }

  addresses(): readonly string[] {
    return this.#node.getMultiaddrs().map((address) => address.toString());
  }

  publish(topic: string, data: Uint8Array): void {
    this.#gossip.publish(topic, data);
  }

  subscribe(...args: Parameters<LinkNode['subscribe']>): void {
    this.#gossip.subscribe(...args);
  }

  async stop(): Promise<void> {
    for (const link of this.#links.values()) link.close('this node stops');
    await this.#node.stop();
  }

  /** Two who want one neighbour at one time share the dial. */
  #dialOnce(peer: string, address: Multiaddr, signal: AbortSignal | undefined): Promise<CellLink> {
    const under = this.#dialling.get(peer);
    if (under !== undefined) return under;
    const dialled = this.#connect(address, signal).finally(() => this.#dialling.delete(peer));
    this.#dialling.set(peer, dialled);
    return dialled;
  }

  async #connect(address: Multiaddr, signal: AbortSignal | undefined): Promise<CellLink> {
    const given = signal === undefined ? {} : { signal };
    const connection = await this.#node.dial(address, given);
    try {
      const stream = await connection.newStream(CELL_PROTOCOL, { ...given, negotiateFully: true });
      return this.#adopt(stream, connection, true);
    } catch (error) {
      sever(connection, 'no cell stream');
      throw error;
    }
  }

  #adopt(stream: Stream, connection: Connection, initiator: boolean): CellLink {
    const peer = connection.remotePeer.toString();
    const { handler, clock, limits = {}, witness } = this.#options;
    // The connection serves nothing but this link and what rides beside it, so it ends with the link.
    const pipe = { write: (cells: Bytes) => stream.send(cells), close: (why: string) => sever(connection, why) };
    const closing: LinkHandler = {
      opened: (link) => handler.opened(link),
      cell: (link, circuit, counter, cell) => handler.cell(link, circuit, counter, cell),
      control: (link, type, circuit, payload) => handler.control(link, type, circuit, payload),
      closed: (link, why) => {
        if (this.#links.get(peer) === link) this.#links.delete(peer);
        handler.closed(link, why);
      },
    };
    const link = new Neighbour({
      initiator,
      remote: hostPort(connection.remoteAddr),
      pipe,
      handler: closing,
      clock,
      counters: this.#counters,
      limits,
      witness,
    });
    this.#links.set(peer, link);
    sparing(stream);
    stream.addEventListener('message', ({ data }) => link.receive(data.subarray()));
    stream.addEventListener('drain', () => link.drained());
    const over = (why: string) => (): void => {
      link.ended(why);
      sever(connection, why);
    };
    stream.addEventListener('close', over('the connection ended'));
    stream.addEventListener('remoteCloseWrite', over('the neighbour closed the link'));
    return link;
  }
}

/** Ends a connection at once. libp2p throws when the other side was quicker. */
export function sever(connection: Connection, why: string): void {
  try {
    connection.abort(new Error(why));
  } catch (error) {
    connection.log('already ended - %e', error);
  }
}

/** host:port; nothing of a connection that is gone. */
export function hostPort(address: Multiaddr | undefined): string {
  if (address === undefined) return '';
  const parsed = parseAddress(address.toString());
  if (isRefusal(parsed)) return address.toString();
  return parsed.host.includes(':') ? `[${parsed.host}]:${parsed.port}` : `${parsed.host}:${parsed.port}`;
}

/** Why a dial failed, in words: transports reject with events and aggregates as well as errors. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reason))].join(', ');
  if (error instanceof Error && error.message !== '') return error.message;
  return 'no connection';
}
