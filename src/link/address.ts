/**
 * What a multiaddr says, read without libp2p (docs/protocol.md §5):
 *
 *   /ip4/203.0.113.7/tcp/443/tls/ws/p2p/12D3…   host, port, how, and the libp2p PeerId of the neighbour
 */
import { refuse, type Refusal } from '../base/index.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** `wss` is a WebSocket inside TLS; `memory` names a node of a memory network. */
  readonly transport: 'ws' | 'wss' | 'tcp' | 'memory';
  /** False for loopback, private, link-local and unspecified hosts: those may be dialled only when an anchor or a person named them. */
  readonly public: boolean;
  /** The first 16 bits of a public IPv4 host, the first 32 of a public IPv6 host; else undefined. */
  readonly prefix: string | undefined;
  /** The libp2p PeerId, when given. */
  readonly peer: string | undefined;
}

const SHAPE = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]{1,253})\/tcp\/(\d{1,5})(\/ws|\/wss|\/tls\/ws)?(?:\/p2p\/([1-9A-HJ-NP-Za-km-z]{20,64}))?$/;
const MEMORY = /^\/memory\/([^/]{1,64})$/;

/** Reads a multiaddr of the kinds that Sotto uses; anything else is refused as `address`. */
export function parseAddress(text: string): Address | Refusal {
  const memory = MEMORY.exec(text)?.[1];
  if (memory !== undefined) return { host: memory, port: 0, transport: 'memory', public: false, prefix: undefined, peer: undefined };
  const [, kind, host, digits, how, peer] = SHAPE.exec(text) ?? [];
  const port = Number(digits);
  if (kind === undefined || host === undefined || !(port >= 1 && port <= 65535))
    return refuse('address', 'not a multiaddr that Sotto knows');
  const transport = how === undefined ? 'tcp' : how === '/ws' ? 'ws' : 'wss';
  const read = kind === 'ip4' ? ip4(host) : kind === 'ip6' ? ip6(host) : dns(host);
  return read === undefined
    ? refuse('address', `not a host of kind ${kind}`)
    : { host: host.toLowerCase(), port, transport, peer, ...read };
}

type Reach = Pick<Address, 'public' | 'prefix'>;
const hidden: Reach = { public: false, prefix: undefined };

function ip4(host: string): Reach | undefined {
  const bytes = host.split('.').map((part) => (/^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256));
  const [a, b] = bytes;
  if (bytes.length !== 4 || a === undefined || b === undefined || bytes.some((byte) => byte > 255)) return undefined;
  const private_ = a === 0 || a === 10 || a === 127 || a >= 224 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
  const shared = (a === 169 && b === 254) || (a === 100 && b >= 64 && b <= 127) || (a === 198 && (b === 18 || b === 19));
  return private_ || shared ? hidden : { public: true, prefix: `${a}.${b}` };
}

/** The eight groups of an IPv6 address in its usual forms, an embedded IPv4 address left out on purpose: it would hide a private one. */
function groups(host: string): number[] | undefined {
  const [head, tail, more] = host.split('::');
  if (head === undefined || more !== undefined) return undefined;
  const read = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((g) => (/^[0-9a-fA-F]{1,4}$/.test(g) ? parseInt(g, 16) : NaN));
  const before = read(head);
  const after = tail === undefined ? [] : read(tail);
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  return all.some(Number.isNaN) ? undefined : all;
}

function ip6(host: string): Reach | undefined {
  const all = groups(host);
  const [a, b] = all ?? [];
  if (a === undefined || b === undefined) return undefined;
  // Only 2000::/3 is handed out to the public; 6to4 and Teredo carry an IPv4 address inside.
  if (a >>> 13 !== 1 || a === 0x2002 || (a === 0x2001 && b === 0)) return hidden;
  return { public: true, prefix: `${a.toString(16)}:${b.toString(16)}` };
}

function dns(host: string): Reach | undefined {
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host)) return undefined;
  const name = host.toLowerCase();
  const local = !name.includes('.') || /\.(localhost|local|internal|lan|home\.arpa)$/.test(name) || /^[\d.]+$/.test(name);
  return local ? hidden : { public: true, prefix: undefined };
}
