import { afterEach, describe, expect, it } from 'vitest';
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { Counters, systemClock, type Bytes } from '../base/index.ts';
import { parseAddress } from './address.ts';
import { contractLimits, linkContract, Recorder, testCell } from './contract.ts';
import { libp2pLink, mayDial } from './libp2p.ts';
import type { LinkHandler, LinkNode, Verdict } from './link.ts';
import { relayLink, type RelayLinkOptions } from './node.ts';

async function until(condition: () => boolean, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition never came true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const nodes: LinkNode[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

const trusted = (): boolean => true;

async function relay(handler: LinkHandler, options: Partial<RelayLinkOptions> = {}): Promise<LinkNode> {
  const node = await relayLink({
    handler,
    clock: systemClock,
    trusted,
    seed: randomBytes(32),
    topics: ['t'],
    listen: ['/ip4/127.0.0.1/tcp/0/ws', '/ip4/127.0.0.1/tcp/0'],
    ...options,
  });
  nodes.push(node);
  return node;
}

async function tab(handler: LinkHandler): Promise<LinkNode> {
  const node = await libp2pLink({ handler, clock: systemClock, trusted });
  nodes.push(node);
  return node;
}

linkContract('libp2p', async () => ({
  async node(handler, listens, witness) {
    const options = { handler, clock: systemClock, trusted, limits: contractLimits, witness };
    const node = listens
      ? await relayLink({ ...options, seed: randomBytes(32), topics: ['t'], listen: ['/ip4/127.0.0.1/tcp/0/ws'] })
      : await libp2pLink(options);
    nodes.push(node);
    return node;
  },
  until: (condition) => until(condition, 5_000),
  stop: async () => void (await Promise.all(nodes.splice(0).map((node) => node.stop()))),
}));

const portOf = (node: LinkNode, transport: string): number => {
  const found = node
    .addresses()
    .map(parseAddress)
    .find((address) => !('refused' in address) && address.transport === transport);
  if (found === undefined || 'refused' in found) throw new Error(`listens at no ${transport} address`);
  return found.port;
};

describe('a listening node', () => {
  it('keeps its PeerId over restarts, and answers over WebSocket and TCP', async () => {
    const seed = randomBytes(32);
    const first = await relay(new Recorder(), { seed });
    const ids = first.addresses().map((address) => address.split('/p2p/')[1]);
    await first.stop();
    const there = new Recorder();
    const second = await relay(there, { seed });
    expect(second.addresses().map((address) => address.split('/p2p/')[1])).toEqual(ids);
    const other = await relay(new Recorder());
    const wanted = second.addresses().filter((address) => !address.includes('/ws'));
    const link = await other.dial(wanted);
    link.send(testCell(3, 4));
    await until(() => there.cells.length === 1);
  });

  it('is not reached under another PeerId', async () => {
    const [a, b] = [await relay(new Recorder()), await relay(new Recorder())];
    const wrong = (a.addresses()[0] ?? '').split('/p2p/')[0] + '/p2p/' + (b.addresses()[0] ?? '').split('/p2p/')[1];
    await expect((await tab(new Recorder())).dial([wrong])).rejects.toThrow(/no neighbour answered/);
  });

  it('passes gossip on along a line of three, judged at each', async () => {
    const heard: string[][] = [[], [], []];
    const joins = [0, 0, 0];
    const verdicts: Verdict[] = ['accept', 'accept', 'accept'];
    const line = await Promise.all([0, 1, 2].map(() => relay(new Recorder())));
    line.forEach((node, i) =>
      node.subscribe(
        't',
        (data: Bytes) => (heard[i]?.push(new TextDecoder().decode(data)), verdicts[i] ?? 'reject'),
        () => void (joins[i] = (joins[i] ?? 0) + 1),
      ),
    );
    const [a, b, c] = line as [LinkNode, LinkNode, LinkNode];
    await a.dial(b.addresses());
    await b.dial(c.addresses());
    await until(() => joins[0] === 1 && joins[1] === 2 && joins[2] === 1);
    const say = async (text: string, to: readonly number[]): Promise<void> => {
      a.publish('t', new TextEncoder().encode(text));
      await until(() => to.every((i) => heard[i]?.includes(text)));
    };
    await say('first', [1, 2]);
    verdicts[1] = 'reject';
    await say('second', [1]);
    verdicts[1] = 'accept';
    await say('third', [1, 2]);
    expect(heard).toEqual([[], ['first', 'second', 'third'], ['first', 'third']]);
  });

  it('closes a connection that opens no cell stream', async () => {
    const counters = new Counters();
    const node = await relay(new Recorder(), { counters, patience: 100 });
    const { createLibp2p } = await import('libp2p');
    const [{ webSockets }, { noise }, { yamux }, { multiaddr }] = await Promise.all([
      import('@libp2p/websockets'),
      import('@libp2p/noise'),
      import('@libp2p/yamux'),
      import('@multiformats/multiaddr'),
    ]);
    const stranger = await createLibp2p({ transports: [webSockets()], connectionEncrypters: [noise()], streamMuxers: [yamux()] });
    const connection = await stranger.dial(multiaddr(node.addresses().find((address) => address.includes('/ws')) ?? ''));
    // Sooner than any time-out of libp2p's own.
    await until(() => connection.status !== 'open', 4_000);
    expect(counters.get('connection-without-link')).toBe(1);
    await stranger.stop();
  });
});

describe("a stranger's garbage on the port", () => {
  const upgrade =
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

  function open(port: number): Socket {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  }

  async function upgraded(port: number): Promise<Socket> {
    const socket = open(port);
    socket.write(upgrade);
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    await until(() => answer.includes('\r\n\r\n'));
    expect(answer).toMatch(/^HTTP\/1.1 101/);
    return socket;
  }

  /** A relay with a friend who goes on talking to it whatever the stranger does. */
  async function victim(options: Partial<RelayLinkOptions> = {}) {
    const [there, counters] = [new Recorder(), new Counters()];
    const node = await relay(there, { counters, ...options });
    const link = await (await tab(new Recorder())).dial(node.addresses().filter((address) => address.includes('/ws')));
    let told = 0;
    const talks = async (): Promise<void> => {
      link.send(testCell(1, told++));
      await until(() => there.cells.filter(({ circuit }) => circuit === 1).length === told);
    };
    await talks();
    return { counters, talks, there, addresses: node.addresses(), ws: portOf(node, 'ws'), tcp: portOf(node, 'tcp') };
  }

  it('an unmasked frame ends its own socket alone', async () => {
    const { counters, talks, ws } = await victim();
    const socket = await upgraded(ws);
    socket.write(Uint8Array.of(0x82, 0x01, 0xff));
    await until(() => counters.get('websocket-error') === 1);
    await talks();
  });

  it('a frame that says it is bigger than 256 KiB is refused before it is taken in', async () => {
    const { counters, talks, ws } = await victim();
    const socket = await upgraded(ws);
    const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x04, 0, 1, 1, 2, 3, 4]);
    socket.write(head);
    await until(() => counters.get('websocket-error') === 1);
    await talks();
  });

  it('half a header, and a socket that says nothing, are closed in time', async () => {
    const { counters, talks, ws } = await victim({ sockets: { upgrade: 150 } });
    const [half, silent] = [open(ws), open(ws)];
    half.write(upgrade.slice(0, 40));
    await until(() => counters.get('socket-half-open') === 2);
    await until(() => half.closed && silent.closed);
    await talks();
  });

  it('noise and broken requests on both ports end nothing else', async () => {
    const { talks, ws, tcp } = await victim();
    for (const port of [ws, tcp]) {
      for (const bytes of [
        randomBytes(1),
        randomBytes(5_000),
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n'),
        Buffer.alloc(70_000, 0x41),
      ]) {
        const socket = open(port);
        socket.write(bytes);
        socket.end();
        await until(() => socket.closed || socket.readableEnded || socket.bytesWritten === bytes.length);
      }
    }
    const socket = await upgraded(ws);
    socket.write(Buffer.concat([Uint8Array.of(0x82, 0xfe, 0x01, 0x00, 0, 0, 0, 0), randomBytes(256)]));
    await talks();
  });

  it('who floods is read no further than its share, on either port, and others are not held up; a relay that is known has more', async () => {
    const sockets = { shareBurst: 50_000, shareEach: 20_000, shareAll: 20_000, shareLeast: 10_000 };
    for (const transport of ['/ws', '/tcp/']) {
      for (const known of [false, true]) {
        const { counters, talks, there, addresses } = await victim({ sockets, knows: () => known });
        const flooder = await relay(new Recorder());
        const link = await flooder.dial(addresses.filter((address) => address.includes('/ws') === (transport === '/ws')));
        for (let i = 0; i < 500; i++) link.send(testCell(2, i));
        const flooded = (): number => there.cells.filter(({ circuit }) => circuit === 2).length;
        if (known) await until(() => flooded() === 500);
        else await until(() => counters.get('link-greedy') === 1);
        await talks();
        expect(counters.get('link-greedy')).toBe(known ? 0 : 1);
        if (!known) expect(flooded()).toBeLessThan(500);
      }
    }
  });

  it('200 connections are let in, what is past the bound is refused, and when they go there is room again', async () => {
    const { counters, talks, ws } = await victim({ sockets: { total: 201 } });
    const opened = Array.from({ length: 250 }, () => open(ws));
    await until(() => counters.get('socket-refused') === 50 && opened.filter((socket) => socket.closed).length === 50);
    await talks();
    for (const socket of opened) socket.destroy();
    await talks();
    await until(() => opened.every((socket) => socket.closed));
    await upgraded(ws);
  });
});

describe('what may be dialled', () => {
  const none = (): boolean => false;
  it.each([
    ['/dns4/relay.example.org/tcp/443/tls/ws', true, true],
    ['/dns4/relay.example.org/tcp/80/ws', false, true],
    ['/ip4/203.0.113.9/tcp/9001', false, true],
    ['/ip4/127.0.0.1/tcp/9001/ws', false, false],
    ['/ip4/10.1.2.3/tcp/443/tls/ws', false, false],
    ['/ip6/::1/tcp/443/tls/ws', false, false],
    ['/ip6/::ffff:7f00:1/tcp/443/tls/ws', false, false],
    ['/dns4/localhost/tcp/443/tls/ws', false, false],
    ['/ip4/203.0.113.9/udp/9001/quic-v1', false, false],
  ])('%s: by a tab %s, by a relay %s', (address, byTab, byRelay) => {
    expect([mayDial(address, none, false), mayDial(address, none, true)]).toEqual([byTab, byRelay]);
    expect(mayDial(address, trusted, false)).toBe(!address.includes('quic'));
  });

  it('a tab refuses to dial what was not trusted, before any socket is opened', async () => {
    const node = await relay(new Recorder());
    const strict = await libp2pLink({ handler: new Recorder(), clock: systemClock, trusted: none });
    nodes.push(strict);
    await expect(strict.dial(node.addresses())).rejects.toThrow(/no neighbour answered/);
  });
});
