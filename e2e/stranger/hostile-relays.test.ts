/** Relays that keep no rule, on real sockets: what the simulation shows (e2e/sim/hostile-relays.test.ts), over libp2p on loopback. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Counters, isRefusal, systemClock, systemRandom, type RelayId } from '../../src/base/index.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import type { Anchor } from '../../src/directory/index.ts';
import { libp2pLink } from '../../src/link/index.ts';
import { relayLink } from '../../src/link/node.ts';
import { SqliteBlobStore } from '../../src/mailbox/node.ts';
import { createPeer, type LocalPeer } from '../../src/peer/index.ts';
import { DESCRIPTOR_TOPIC } from '../../src/relay/announcer.ts';
import { AssembledRelay } from '../../src/relay/assembly.ts';
import { readSettings, type RelaySettings } from '../../src/relay/config.ts';
import { relayIdentity } from '../../src/relay/relay.ts';
import { RelayState } from '../../src/relay/state.ts';
import { memoryStore } from '../../src/store/index.ts';
import { readLink } from '../../src/room/index.ts';
import { amiss, type Amiss } from '../sim/hostile-relay.ts';

let folder: string;
const running: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  await initCryptoNode();
  folder = mkdtempSync(join(tmpdir(), 'sotto-hostile-'));
  return () => rmSync(folder, { recursive: true });
});
afterEach(async () => void (await Promise.all(running.splice(0).map((one) => one.stop()))));

async function until(what: string, condition: () => boolean, ms = 120_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`after ${ms / 1000} s still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** A relay on this machine as createRelay makes it, but for what is amiss. */
async function start(settings: RelaySettings, anchors: readonly Anchor[], how: Amiss): Promise<AssembledRelay> {
  const state = new RelayState(settings.state);
  const { id, root, libp2pSeed } = await state.identity(systemRandom);
  const counters = new Counters();
  const relay = new AssembledRelay(
    how({
      ...settings,
      anchors,
      id,
      root,
      clock: systemClock,
      random: systemRandom,
      counters,
      log: () => undefined,
      tap: undefined,
      onionKeys: state,
      blobs: new SqliteBlobStore(state.claim('mailbox.db'), systemRandom),
      hopLimits: {},
      mailboxLimits: {},
      listen: (handler, trusted, knows) =>
        relayLink({
          handler,
          clock: systemClock,
          counters,
          seed: libp2pSeed,
          listen: [`/ip4/${settings.listen.host}/tcp/${settings.listen.port}/ws`],
          announce: [],
          topics: [DESCRIPTOR_TOPIC],
          sockets: {},
          reservations: {},
          trusted,
          knows,
        }),
      visit: (handler, trusted) => libp2pLink({ handler, clock: systemClock, trusted }),
    }),
  );
  running.push(relay);
  await relay.start();
  return relay;
}

async function network(ways: readonly Amiss[]) {
  const ports = await Promise.all(ways.map(freePort));
  const settings = ways.map((_, i) => {
    const read = readSettings({ state: join(folder, `r${ports[i]}`), listen: `127.0.0.1:${ports[i]}`, name: `r${i}` });
    return isRefusal(read) ? expect.fail(read.detail ?? read.refused) : read;
  });
  const anchors = await Promise.all(
    settings.map(async (one): Promise<Anchor> => {
      const { id, multiaddrs } = await relayIdentity(one);
      return { id, addresses: multiaddrs, family: one.family };
    }),
  );
  const relays = await Promise.all(settings.map((one, i) => start(one, anchors, ways[i] ?? ((parts) => parts))));
  await until('the relays know each other', () => relays.every(({ directory }) => directory.list().length === ways.length));
  return { anchors, relays };
}

async function person(anchors: readonly Anchor[]): Promise<LocalPeer> {
  const peer = await createPeer({
    store: memoryStore(),
    link: (handler, trusted) => libp2pLink({ handler, clock: systemClock, trusted }),
    anchors,
    clock: systemClock,
    random: systemRandom,
  });
  running.push(peer);
  return peer;
}

function mailboxesOf(link: string): readonly RelayId[] {
  const read = readLink(link, Math.floor(systemClock.now() / 3_600_000));
  return 'refused' in read ? [] : read.address.mailboxes;
}

const honest: Amiss = (parts) => parts;

describe('over real sockets', () => {
  it(
    'two talk although one relay garbles cells and one mailbox keeps something else: it is shown, and left',
    { timeout: 600_000 },
    async () => {
      const { anchors, relays } = await network([amiss.keepsOther, amiss.garbles, honest, honest, honest, honest, honest]);
      const liar = relays[0]?.id ?? expect.fail('no relay');
      const [ana, ben] = [await person(anchors), await person(anchors)];
      const uses = (peer: LocalPeer): boolean => peer.network.services().some(({ mailbox }) => mailbox === liar);
      let room = await ana.newRoom();
      for (let i = 0; i < 40 && !uses(ana); i++) {
        await ana.forget(room);
        room = await ana.newRoom();
      }
      expect(uses(ana)).toBe(true);
      // Where both mailboxes of an invite are against them nobody comes in: an invite cannot move, and is read where it is while it is open.
      const goodRelays = new Set(relays.slice(2).map(({ id }) => id));
      const invited = () => ana.invite(room, { uses: 1, hours: 1 });
      let invite = await invited();
      while (!mailboxesOf(invite.link ?? '').some((mailbox) => goodRelays.has(mailbox))) {
        await ana.revoke(room, invite.id);
        invite = await invited();
      }
      const link = invite.link ?? '';
      await ben.join(link, 'Ben');
      await until('Ben is in', () => ben.room(room)?.standing === 'member');
      const texts: string[] = [];
      const seen = (peer: LocalPeer): readonly string[] =>
        peer.room(room)?.timeline.flatMap((item) => (item.type === 'message' ? [item.text] : [])) ?? [];
      const talk = async (name: string): Promise<void> => {
        for (const peer of [ana, ben]) {
          texts.push(`${name} ${texts.length}`);
          peer.say(room, texts.at(-1) ?? '');
        }
        await until(`all have heard ${name}`, () => [ana, ben].every((peer) => texts.every((text) => seen(peer).includes(text))));
      };
      for (let i = 0; i < 10; i++) await talk(`round ${i}`);
      await until('somebody has seen it', () =>
        [ana, ben].some((peer) => peer.view().network.conduct.some(({ id, what }) => id === liar && what === 'not-kept')),
      );
      await until('the room is elsewhere', () => {
        const isolation = ana.network.serving().filter(({ circuit }) => !circuit.closed && circuit.path.at(-1) === liar);
        return isolation.length === 0 || !uses(ana);
      });
      await talk('afterwards');
      expect(new Set(seen(ana)).size).toBe(seen(ana).length);
    },
  );
});
