import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webSocketOrigin } from './headers.ts';
import { createPageServer } from './page-server.ts';

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const folder = mkdtempSync(join(tmpdir(), 'sotto-page-'));
const log: string[] = [];
let server: Server;

/** Sends the path as it is: fetch would tidy it up. */
function get(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  request({ host: '127.0.0.1', port: address.port, path, method, headers, agent: false }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
  })
    .on('error', reject)
    .end();
  return promise;
}

beforeAll(async () => {
  const dist = join(folder, 'dist');
  mkdirSync(join(dist, 'assets'), { recursive: true });
  writeFileSync(join(dist, 'index.html'), '<title>page</title>');
  writeFileSync(join(dist, '.inputs'), 'stamp');
  writeFileSync(join(dist, 'assets/a-1.wasm'), 'wasm');
  writeFileSync(join(folder, 'outside.txt'), 'outside');
  const release = Promise.resolve({ dist, anchors: '{"anchors":[]}', origins: ['ws://127.0.0.1:9001'] });
  server = createPageServer(release, (line) => log.push(line));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

describe('the page server', () => {
  it('serves the page, uncached, under the policy', async () => {
    const { status, headers, body } = await get('/');
    expect({ status, body }).toEqual({ status: 200, body: '<title>page</title>' });
    expect(headers['cache-control']).toBe('no-cache');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';");
    expect(policy).toContain("connect-src 'self' ws://127.0.0.1:9001;");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*/);
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('lets only names with a hash be kept unasked', async () => {
    const { headers } = await get('/assets/a-1.wasm');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toBe('application/wasm');
    const { headers: anchors, body } = await get('/anchors.json');
    expect(anchors['cache-control']).toBe('no-cache');
    expect(body).toBe('{"anchors":[]}');
  });

  it('says that a copy is still the newest', async () => {
    const { headers } = await get('/');
    expect(await get('/', 'GET', { 'if-none-match': String(headers.etag) })).toMatchObject({ status: 304, body: '' });
    expect(await get('/', 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it.each(['/nothing', '/.inputs', '/../outside.txt', '/assets/../../outside.txt', '/%2e%2e/outside.txt', '//outside.txt', '/assets'])(
    'has nothing at %s, and says so under the same policy',
    async (path) => {
      const { status, headers, body } = await get(path);
      expect({ status, body }).toEqual({ status: 404, body: 'There is nothing here.\n' });
      expect(headers['content-security-policy']).toContain("default-src 'none'");
    },
  );

  it('refuses what would change something', async () => {
    expect((await get('/', 'POST')).status).toBe(405);
  });

  it('logs what it was asked, as it was asked', async () => {
    await get('/nothing?a=b');
    expect(log.at(-1)).toBe('GET /nothing?a=b');
  });
});

describe('the WebSocket origin of a multiaddr', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/9001/ws', 'ws://127.0.0.1:9001'],
    ['/ip4/127.0.0.1/tcp/9001/ws/p2p/12D3', 'ws://127.0.0.1:9001'],
    ['/ip6/::1/tcp/9001/ws', 'ws://[::1]:9001'],
    ['/dns4/relay.example/tcp/443/wss/p2p/12D3', 'wss://relay.example:443'],
    ['/dns/relay.example/tcp/443/tls/ws', 'wss://relay.example:443'],
    ['/ip4/127.0.0.1/tcp/9001', undefined],
    ['/ip4/127.0.0.1/udp/9001/webrtc-direct', undefined],
    ['/ip4/127.0.0.1/tcp/9001/wsx', undefined],
  ])('%s is %s', (multiaddr, origin) => expect(webSocketOrigin(multiaddr)).toBe(origin));
});
