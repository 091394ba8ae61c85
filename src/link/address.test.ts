import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefusal } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { parseAddress } from './address.ts';

const seed = testSeed();
const PEER = '12D3KooWG9V8KXh8Lf4rXhXaP7kmn3dqz1dP2bq5vYb9xXnYQxqA';

describe('addresses', () => {
  it.each([
    [
      `/ip4/203.0.113.7/tcp/443/tls/ws/p2p/${PEER}`,
      { host: '203.0.113.7', port: 443, transport: 'wss', public: true, prefix: '203.0', peer: PEER },
    ],
    [
      '/dns4/Relay.example.org/tcp/443/wss',
      { host: 'relay.example.org', port: 443, transport: 'wss', public: true, prefix: undefined, peer: undefined },
    ],
    ['/ip4/127.0.0.1/tcp/9001/ws', { host: '127.0.0.1', port: 9001, transport: 'ws', public: false, prefix: undefined, peer: undefined }],
    [
      '/ip6/2a01:4f8:1::7/tcp/9001',
      { host: '2a01:4f8:1::7', port: 9001, transport: 'tcp', public: true, prefix: '2a01:4f8', peer: undefined },
    ],
    ['/memory/a', { host: 'a', port: 0, transport: 'memory', public: false, prefix: undefined, peer: undefined }],
  ])('%s', (text, read) => {
    expect(parseAddress(text)).toEqual(read);
  });

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.1.2.3',
    '169.254.1.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ])('%s is not public', (host) => {
    expect(parseAddress(`/ip4/${host}/tcp/1`)).toMatchObject({ public: false, prefix: undefined });
  });

  it.each(['::', '::1', 'fc00::1', 'fd12::1', 'fe80::1', 'ff02::1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:0:1::'])(
    '%s is not public',
    (host) => {
      expect(parseAddress(`/ip6/${host}/tcp/1`)).toMatchObject({ public: false, prefix: undefined });
    },
  );

  it.each(['localhost', 'relay', 'relay.local', 'a.internal', 'x.localhost', '2130706433', '127.1'])(
    'the name %s is not public',
    (host) => {
      expect(parseAddress(`/dns4/${host}/tcp/1`)).toMatchObject({ public: false });
    },
  );

  it.each([
    '',
    '/',
    '/ip4/1.2.3/tcp/1',
    '/ip4/1.2.3.256/tcp/1',
    '/ip4/01.2.3.4/tcp/1',
    '/ip4/1.2.3.4/tcp/0',
    '/ip4/1.2.3.4/tcp/65536',
    '/ip4/1.2.3.4/udp/1/quic-v1',
    '/ip6/1:2:3/tcp/1',
    '/ip6/1::2::3/tcp/1',
    '/ip6/1:2:3:4:5:6:7:8:9/tcp/1',
    '/ip6/::ffff:127.0.0.1/tcp/1',
    '/ip6/g::/tcp/1',
    '/dns4/a b/tcp/1',
    '/dns4/-a.org/tcp/1',
    '/ip4/1.2.3.4/tcp/1/ws/p2p/0OIl',
    `/ip4/1.2.3.4/tcp/1/ws/p2p/${PEER}/p2p-circuit`,
    ' /ip4/1.2.3.4/tcp/1',
  ])('%j is refused', (text) => {
    expect(parseAddress(text)).toMatchObject({ refused: 'address' });
  });

  it('never throw, whatever the text', () => {
    const part = fc.constantFrom('/ip4/', '/ip6/', '/dns4/', '/tcp/', '/ws', '/p2p/', '1', '::', '.', 'a', PEER, '99999', '/');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const read = parseAddress(text);
          expect(isRefusal(read) || read.port <= 65_535).toBe(true);
        },
      ),
      { seed },
    );
  });
});
