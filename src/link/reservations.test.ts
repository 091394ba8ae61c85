import { afterEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { noise } from '@libp2p/noise';
import type { PeerId } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import { Counters, systemClock } from '../base/index.ts';
import { Recorder } from './contract.ts';
import { relayLink } from './node.ts';
import { reservationLimits, Reservations } from './reservations.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition never came true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const identity = async (): Promise<PeerId> => peerIdFromPrivateKey(await generateKeyPair('Ed25519'));

/** Reservations of peers at given hosts, without sockets: libp2p's map is any map, and of a connection only the address is asked. */
function keeper(limits: Partial<typeof reservationLimits>) {
  const counters = new Counters();
  const kept = new Reservations({ ...reservationLimits, ...limits }, counters);
  const held = new Map<PeerId, { addr: ReturnType<typeof multiaddr>; signal: { clear(): void } }>();
  const hosts = new Map<PeerId, string>();
  kept.keep(held, (peer) => {
    const host = hosts.get(peer);
    return host === undefined ? [] : [{ remoteAddr: multiaddr(`/ip4/${host}/tcp/4001/ws`) }];
  });
  const asks = async (host: string): Promise<PeerId | undefined> => {
    const peer = await identity();
    hosts.set(peer, host);
    if (kept.denies(peer)) return undefined;
    held.set(peer, { addr: multiaddr(`/ip4/${host}/tcp/4001/ws`), signal: { clear: () => undefined } });
    return peer;
  };
  return { asks, kept, held, counters };
}

describe('reservations', () => {
  it('are a few of one host, but for loopback', async () => {
    const { asks, held, counters } = keeper({ reservationsPerHost: 2 });
    for (let i = 0; i < 5; i++) await asks('203.0.113.9');
    expect(held.size).toBe(2);
    expect(counters.get('reservation-refused')).toBe(3);
    for (let i = 0; i < 5; i++) await asks('127.0.0.1');
    expect(held.size).toBe(7);
  });

  it('give way, the oldest of the host that holds the most, and are renewed by who holds one', async () => {
    const { asks, kept, held } = keeper({ reservations: 6, reservationsPerHost: 4 });
    const honest = await asks('198.51.100.1');
    const many = [];
    for (let i = 0; i < 4; i++) many.push(await asks('203.0.113.9'));
    await asks('198.51.100.2');
    await asks('198.51.100.3');
    expect(held.size).toBe(6);
    expect(many.map((peer) => peer !== undefined && held.has(peer))).toEqual([false, true, true, true]);
    expect(honest !== undefined && held.has(honest) && !kept.denies(honest)).toBe(true);
  });

  it('are denied to whom there is no connection', async () => {
    const { kept } = keeper({});
    expect(kept.denies(await identity())).toBe(true);
  });
});

describe('reservations of a relay', () => {
  it('end with the connection, so that the next ones find a place', async () => {
    const counters = new Counters();
    const relay = await relayLink({
      handler: new Recorder(),
      clock: systemClock,
      counters,
      trusted: () => true,
      seed: randomBytes(32),
      topics: [],
      listen: ['/ip4/127.0.0.1/tcp/0/ws'],
      reservations: { reservations: 2 },
    });
    ends.push(() => relay.stop());
    const [address] = relay.addresses();
    if (address === undefined) throw new Error('it does not listen');
    const reserve = async (): Promise<{ readonly node: Libp2p; readonly granted: boolean }> => {
      const node = await createLibp2p({
        transports: [webSockets()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        connectionGater: { denyDialMultiaddr: () => false },
      });
      ends.push(() => node.stop());
      const stream = await (await node.dial(multiaddr(address))).newStream(RELAY_V2_HOP_CODEC);
      let answer = 0;
      stream.addEventListener('message', ({ data }) => (answer += data.byteLength));
      stream.send(Uint8Array.of(2, 8, 0));
      await until(() => answer > 0);
      // A reservation comes with a voucher; a refusal is a few bytes.
      return { node, granted: answer > 100 };
    };
    for (let round = 0; round < 3; round++) {
      const two = [await reserve(), await reserve()];
      expect(two.map(({ granted }) => granted)).toEqual([true, true]);
      expect(counters.get('reservation-displaced')).toBe(0);
      await Promise.all(two.map(async ({ node }) => node.stop()));
      await until(() => counters.get('reservations-ended') === 2 * (round + 1));
    }
    const three = [await reserve(), await reserve(), await reserve()];
    expect(three.every(({ granted }) => granted)).toBe(true);
    expect(counters.get('reservation-displaced')).toBe(1);
  });
});
