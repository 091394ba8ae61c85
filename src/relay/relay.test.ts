import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Counters, isRefusal, systemClock, systemRandom, toHex, type Bytes } from '../base/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import {
  choosePath,
  decodePage,
  Directory,
  DirectoryClient,
  encodeDirectoryRequest,
  parseAnchors,
  type Anchor,
  type Descriptor,
} from '../directory/index.ts';
import { libp2pLink, type CellLink, type LinkNode } from '../link/index.ts';
import { blobBytes, circuitMailboxes, topicOf, topicSeed } from '../mailbox/index.ts';
import { CircuitClient, CircuitPool, MessageKind } from '../onion/index.ts';
import type { Relay } from './assembly.ts';
import { createRelay, relayIdentity, type RelayConfig } from './relay.ts';
import { readSettings, type RelaySettings } from './config.ts';

let folder: string;
const running: { stop(): Promise<void> }[] = [];
beforeAll(initCryptoNode);
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'sotto-relay-'))));
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  rmSync(folder, { recursive: true });
});

async function until(condition: () => boolean, ms = 15_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition never came true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

async function settingsOf(name: string, more: object = {}): Promise<RelaySettings> {
  const settings = readSettings({
    state: join(folder, name),
    listen: `127.0.0.1:${await freePort()}`,
    name,
    tap: join(folder, `${name}.jsonl`),
    ...more,
  });
  if (isRefusal(settings)) throw new Error(settings.detail);
  return settings;
}

async function anchorOf(settings: RelaySettings): Promise<Anchor> {
  const { id, multiaddrs } = await relayIdentity(settings);
  return { id, addresses: multiaddrs, family: settings.family };
}

async function run(settings: RelaySettings, anchors: readonly Anchor[], more: Partial<RelayConfig> = {}): Promise<Relay> {
  const relay = await createRelay({ ...settings, anchors, ...more });
  running.push(relay);
  return relay;
}

/** `suites`: what the relays offer, one after the other; suite 3 where none is named. */
async function network(count: number, suites: readonly (3 | 5)[] = []) {
  const settings = await Promise.all(Array.from({ length: count }, (_, i) => settingsOf(`r${i}`, { suite: suites[i] ?? 3 })));
  const anchors = await Promise.all(settings.map(anchorOf));
  const relays = await Promise.all(settings.map((one) => run(one, anchors)));
  await until(() => relays.every(({ directory }) => directory.list().length === count));
  return { settings, anchors, relays };
}

interface Line {
  readonly event: string;
  readonly [name: string]: unknown;
}
const tapOf = (name: string): Line[] =>
  readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** A client as the peer makes it: link, circuits, directory. */
async function client(anchors: readonly Anchor[]) {
  const circuits = new CircuitClient({ clock: systemClock, random: systemRandom });
  const known = new Set(anchors.flatMap(({ addresses }) => addresses));
  const node = await libp2pLink({ handler: circuits, clock: systemClock, trusted: (address) => known.has(address) });
  running.push(node);
  const trusted = new Set(anchors.map(({ id }) => id));
  const directory = new Directory({ now: () => Math.floor(Date.now() / 1000), trusted, counters: new Counters() });
  const link = (anchor: Anchor): Promise<CellLink> => node.dial(anchor.addresses);
  const byId = (id: string): Anchor => anchors.find((anchor) => anchor.id === id) ?? fail(`no anchor ${id}`);
  const build = async (path: readonly Descriptor[]) => circuits.build(path, await link(byId(path[0]?.id ?? '')));
  const asker = {
    describe: async (id: string): Promise<Bytes> => circuits.describe(await link(byId(id))),
    open: async (path: readonly Descriptor[]) => {
      const circuit = await build(path);
      return {
        ask: async (body: Bytes) => (await circuit.request(MessageKind.DIRECTORY_REQUEST, body)).body,
        close: () => circuit.close(),
      };
    },
  };
  const path = (guard: Anchor, last: Anchor, mailbox: boolean): readonly Descriptor[] => {
    const chosen = choosePath({
      descriptors: directory.list(),
      guard: guard.id,
      last: last.id,
      mailbox,
      trusted,
      reluctance: () => 0,
      random: systemRandom,
    });
    return isRefusal(chosen) ? fail(chosen.detail ?? chosen.refused) : chosen;
  };
  return { node, directory, asker, path, build, known: new DirectoryClient(directory, asker) };
}

function fail(why: string): never {
  throw new Error(why);
}

describe('relays', () => {
  it('learn of each other, and of one that only another knows, by gossip', async () => {
    const { anchors, relays } = await network(2);
    const stranger = await run(await settingsOf('stranger'), anchors.slice(0, 1));
    await until(() => relays.every(({ directory }) => directory.get(stranger.id) !== undefined), 25_000);
    expect(relays[1]?.directory.get(stranger.id)?.family).toBe('stranger');
    await until(() => stranger.directory.list().length === 3, 25_000);
  }, 60_000);

  it('serve a client: first contact, whole directory over one hop and over three, a mailbox at the end of three', async () => {
    const { anchors, relays } = await network(4);
    const [guard, other, last] = anchors as [Anchor, Anchor, Anchor];
    const { node, directory, known, path, build } = await client(anchors);
    expect(await known.firstContact(guard.id)).toMatchObject({ id: guard.id });
    expect(directory.list().map(({ id }) => id)).toEqual(relays.map(({ id }) => id).toSorted());
    const visit = path(guard, other, false);
    expect(await known.fetch(visit)).toBe(4);
    expect(directory.disagreements()).toEqual([]);

    const route = path(guard, last, true);
    const pool = new CircuitPool({
      clock: systemClock,
      random: systemRandom,
      path: async () => route,
      build,
      blamed: (blame) => fail(blame.why),
    });
    const mailboxes = circuitMailboxes({ circuits: pool, clock: systemClock });
    const seed = topicSeed(systemRandom.bytes(32), last.id);
    const blob = systemRandom.bytes(blobBytes(1));
    const stored = await mailboxes.post('room', { mailbox: last.id, seed }, blob);
    const got: Bytes[] = [];
    mailboxes.follow('room', { mailbox: last.id, seed }, undefined, {
      blob: (_instance, _cursor, bytes) => got.push(bytes),
      caughtUp: () => undefined,
    });
    await until(() => got.length === 1);
    expect([toHex(got[0] ?? blob), stored.cursor > 0n]).toEqual([toHex(blob), true]);
    pool.close();
    await node.stop();
    await Promise.all(relays.map((relay) => relay.stop()));
    running.length = 0;

    const taps = anchors.map(({ id }, i) => ({ id, lines: tapOf(`r${i}`) }));
    const clients =
      taps[0]?.lines.filter(({ event, initiator }) => event === 'opened' && initiator === false).map(({ remote }) => String(remote)) ?? [];
    const strangers = clients.filter((remote) => taps.slice(1).every(({ lines }) => !JSON.stringify(lines).includes(remote)));
    for (const { id, lines } of taps) {
      const text = JSON.stringify(lines);
      expect(lines.filter(({ event, cell }) => event === 'cell' && String(cell).length !== 2048)).toEqual([]);
      expect(text.includes(toHex(blob))).toBe(id === last.id);
      expect(text.includes(topicOf(seed))).toBe(id === last.id);
      // Each hop extends to the next one of a path, and to nobody else.
      const next = [visit, route]
        .map((hops) => hops[hops.findIndex((hop) => hop.id === id) + 1]?.id)
        .filter((hop, i) => hop !== undefined && [visit, route][i]?.some((h) => h.id === id));
      expect(new Set(lines.filter(({ event }) => event === 'extend').map(({ relay }) => relay))).toEqual(new Set(next));
    }
    expect(strangers.length).toBeGreaterThan(0);
  }, 60_000);

  it('of suite 3 and of suite 5 make one circuit, each at the suite of its descriptor', async () => {
    const { anchors, relays } = await network(4, [3, 5, 3, 5]);
    const [guard] = anchors as [Anchor];
    const { directory, known, asker } = await client(anchors);
    await known.firstContact(guard.id);
    const descriptors = relays.map(({ id }) => directory.get(id) ?? fail('a relay is not listed'));
    expect(descriptors.map(({ suite, onionKey }) => [suite, onionKey.length])).toEqual([
      [3, 1216],
      [5, 1600],
      [3, 1216],
      [5, 1600],
    ]);
    const [low, high, other, last] = descriptors as [Descriptor, Descriptor, Descriptor, Descriptor];
    for (const path of [
      [low, high, other],
      [high, other, last],
      [high, last, low],
    ]) {
      const circuit = await asker.open(path);
      const page = decodePage(await circuit.ask(encodeDirectoryRequest(0)));
      expect(isRefusal(page) ? page.refused : page.descriptors.length).toBe(4);
      circuit.close();
    }
    const lines = anchors.flatMap((_, i) => tapOf(`r${i}`));
    expect(lines.filter(({ event, cell }) => event === 'cell' && String(cell).length !== 2048)).toEqual([]);
  }, 60_000);

  it('that raise their suite are spoken to at no lower one any more, whoever holds an older descriptor', async () => {
    const settings = await settingsOf('r');
    const anchor = await anchorOf(settings);
    const first = await run(settings, []);
    const before = await client([anchor]);
    const low = await before.known.firstContact(anchor.id);
    if (isRefusal(low)) throw new Error(low.refused);
    await before.node.stop();
    await first.stop();

    const second = await run({ ...settings, suite: 5 }, []);
    const { known, build } = await client([anchor]);
    await expect(build([low])).rejects.toThrow(/it does not know the key|refused|DESTROY/);
    expect(second.counters.get('create-key-id')).toBe(1);
    const high = await known.firstContact(anchor.id);
    if (isRefusal(high)) throw new Error(high.refused);
    expect([low.suite, high.suite]).toEqual([3, 5]);
    (await build([high])).close();
  }, 60_000);

  it('keep identity, addresses and blobs over a restart', async () => {
    const settings = await settingsOf('r', { tcp: await freePort() });
    const anchor = await anchorOf(settings);
    const topic = { mailbox: anchor.id, seed: topicSeed(systemRandom.bytes(32), anchor.id) };
    const blob = systemRandom.bytes(blobBytes(2));
    const mailboxes = async () => {
      const { known, build, directory } = await client([anchor]);
      await known.firstContact(anchor.id);
      const path = async () => directory.list();
      return circuitMailboxes({
        circuits: new CircuitPool({ clock: systemClock, random: systemRandom, path, build, blamed: () => undefined }),
        clock: systemClock,
      });
    };
    const first = await run(settings, []);
    const { id, multiaddrs } = first;
    await (await mailboxes()).post('room', topic, blob);
    await first.stop();

    const second = await run(settings, []);
    expect([second.id, second.multiaddrs]).toEqual([id, multiaddrs]);
    expect(await relayIdentity(settings)).toEqual({ id, multiaddrs });
    const got: string[] = [];
    (await mailboxes()).follow('room', topic, undefined, {
      blob: (_instance, _cursor, bytes) => got.push(toHex(bytes)),
      caughtUp: () => undefined,
    });
    await until(() => got.length > 0);
    expect(got).toEqual([toHex(blob)]);
  });

  it('refuse what is malformed at the last hop, and go on', async () => {
    const { anchors, relays } = await network(2);
    const [guard] = anchors as [Anchor];
    const { asker, known, build } = await client(anchors);
    const described = await known.firstContact(guard.id);
    if (isRefusal(described)) throw new Error(described.refused);
    const circuit = await build([described]);
    expect((await circuit.request(MessageKind.DIRECTORY_REQUEST, new Uint8Array(5))).kind).toBe(MessageKind.REFUSED);
    const relay = relays.find(({ id }) => id === guard.id);
    expect(relay?.counters.get('directory-request')).toBe(1);
    const page = decodePage(await (await asker.open([described])).ask(encodeDirectoryRequest(0)));
    expect(isRefusal(page) ? page.refused : page.descriptors.length).toBe(2);
  });

  it('take no more connections than they are told to', async () => {
    const settings = await settingsOf('r', { limits: { connections: 2 } });
    const relay = await run(settings, []);
    const anchor = await anchorOf(settings);
    const [a, b, c] = [await client([anchor]), await client([anchor]), await client([anchor])];
    await a.node.dial(anchor.addresses);
    await b.node.dial(anchor.addresses);
    await expect(c.node.dial(anchor.addresses)).rejects.toThrow(/no neighbour answered/);
    expect(relay.counters.get('socket-refused')).toBeGreaterThan(0);
    await a.node.stop();
    const again: LinkNode = c.node;
    await until(() => relay.load().links === 1);
    await again.dial(anchor.addresses);
  });
});

describe('anchors.json of a local network', () => {
  it('is what relays say of themselves', async () => {
    const anchor = await anchorOf(await settingsOf('r'));
    expect(parseAnchors(JSON.stringify({ anchors: [anchor] }))).toEqual([anchor]);
  });
});
