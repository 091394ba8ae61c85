import { createServer, connect, type Server } from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { isRefusal, systemClock } from '../base/index.ts';
import { parseAddress } from './address.ts';
import { Recorder, testCell } from './contract.ts';
import { libp2pLink } from './libp2p.ts';
import type { LinkNode } from './link.ts';
import { relayLink } from './node.ts';

const [CELLS, CELL] = [2_000, 1_024];
const nodes: LinkNode[] = [];
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
  for (const server of servers.splice(0)) server.close();
});

/** A port before `target`'s that counts the bytes that come back. */
async function counting(target: number) {
  const seen = { back: 0, port: 0 };
  const server = createServer((client) => {
    const onward = connect(target, '127.0.0.1');
    onward.on('data', (data) => void (seen.back += data.length));
    client.pipe(onward).pipe(client);
    for (const socket of [client, onward]) socket.on('error', () => (client.destroy(), onward.destroy()));
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('bound to no port');
  seen.port = bound.port;
  return seen;
}

describe('the window of a link', () => {
  it('lets through many times its size, and is announced for many cells at once', async () => {
    const there = new Recorder();
    // Without heartbeats, which are bytes too.
    const options = { clock: systemClock, trusted: () => true, limits: { every: 600_000, silence: 1_200_000 } };
    const relay = await relayLink({ ...options, handler: there, seed: randomBytes(32), topics: [], listen: ['/ip4/127.0.0.1/tcp/0/ws'] });
    const tab = await libp2pLink({ ...options, handler: new Recorder() });
    nodes.push(relay, tab);
    const [address = ''] = relay.addresses();
    const parsed = parseAddress(address);
    if (isRefusal(parsed)) throw new Error(parsed.refused);
    const way = await counting(parsed.port);
    const link = await tab.dial([address.replace(`/tcp/${parsed.port}/`, `/tcp/${way.port}/`)]);
    const before = way.back;
    for (let sent = 0; sent < CELLS;) {
      // A few at a time: all together would be few frames of yamux, and few announcements anyway.
      for (const end = sent + 20; sent < end; sent++) link.send(testCell(1, sent));
      await expect.poll(() => there.cells.length, { interval: 1, timeout: 30_000 }).toBe(sent);
    }
    // An announcement is at least 12 bytes and, in Noise and WebSocket, 32.
    expect((way.back - before) / 32).toBeLessThan(CELLS / 20 / 2);
    expect(CELLS * CELL).toBeGreaterThan(4 * 256 * 1024);
  });
});
