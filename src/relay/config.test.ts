import { describe, expect, it } from 'vitest';
import { isRefusal } from '../base/index.ts';
import { parseConfig, readSettings } from './config.ts';

const whole = `
state = "/var/lib/sotto"
listen = "0.0.0.0:9001"
tcp = 9002
name = "lighthouse"
family = "harbour"
anchors = "anchors.json"
announce = ["/dns4/lighthouse.example.org/tcp/443/tls/ws"]
tap = "tap.jsonl"
roles = ["middle", "mailbox"]
suite = 5

[limits]
connections = 2000
connections_per_host = 20
circuits = 1000
circuits_per_link = 100
mailbox_bytes = 1000000
topic_bytes = 10000
creates_per_second = 50
stranger_bytes_per_second = 4000000
reservations = 64
reservations_per_host = 4
`;

describe('configuration', () => {
  it('reads every key', () => {
    expect(parseConfig(whole)).toEqual({
      state: '/var/lib/sotto',
      listen: { host: '0.0.0.0', port: 9001 },
      tcp: 9002,
      name: 'lighthouse',
      family: 'harbour',
      anchors: 'anchors.json',
      announce: ['/dns4/lighthouse.example.org/tcp/443/tls/ws'],
      tap: 'tap.jsonl',
      roles: { guard: false, middle: true, mailbox: true },
      suite: 5,
      limits: {
        connections: 2000,
        connectionsPerHost: 20,
        circuits: 1000,
        circuitsPerLink: 100,
        mailboxBytes: 1_000_000,
        topicBytes: 10_000,
        createsPerSecond: 50,
        strangerBytesPerSecond: 4_000_000,
        reservations: 64,
        reservationsPerHost: 4,
      },
    });
  });

  it('needs a state and a port only', () => {
    expect(parseConfig('state = "s"\nlisten = 9001')).toEqual({
      state: 's',
      listen: { host: '0.0.0.0', port: 9001 },
      tcp: 0,
      name: 'relay',
      family: 'relay',
      anchors: undefined,
      announce: [],
      tap: undefined,
      roles: { guard: true, middle: true, mailbox: true },
      suite: 3,
      limits: {},
    });
  });

  it.each([
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['localhost:80', { host: '127.0.0.1', port: 80 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['80', { host: '0.0.0.0', port: 80 }],
  ])('listens at %s', (listen, read) => {
    expect(readSettings({ state: 's', listen })).toMatchObject({ listen: read });
  });

  it.each([
    ['state = "s"\nlisten = 1\nlissten = 2', /unknown key "lissten"; known are state, listen/],
    ['listen = 1', /"state" is missing/],
    ['state = "s"', /"listen" is missing/],
    ['state = "s"\nlisten = "example.org:1"', /"listen" is missing or not HOST:PORT/],
    ['state = "s"\nlisten = 70000', /"listen"/],
    ['state = "s"\nlisten = 1\ntcp = "x"', /"tcp" is not a port/],
    ['state = "s"\nlisten = 1\nname = 5', /"name" is not a text/],
    ['state = "s"\nlisten = 1\nroles = ["king"]', /"roles" is not a list of guard, middle, mailbox/],
    ['state = "s"\nlisten = 1\nsuite = 1', /"suite" is not 3 or 5/],
    ['state = "s"\nlisten = 1\nsuite = "5"', /"suite" is not 3 or 5/],
    ['state = "s"\nlisten = 1\nannounce = ["/ip4/203.0.113.1/udp/1"]', /"announce"/],
    ['state = "s"\nlisten = 1\n[limits]\nsockets = 1', /unknown key "limits.sockets"; known are connections/],
    ['state = "s"\nlisten = 1\n[limits]\ncircuits = 0', /"limits.circuits" is not a whole number above 0/],
    ['state = ', /./],
  ])('refuses in words: %s', (toml, words) => {
    const read = parseConfig(toml);
    expect(isRefusal(read) ? read.detail : 'accepted').toMatch(words);
  });
});
