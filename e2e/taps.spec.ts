/** What the network sees of a conversation: the relays by their taps, other hosts not at all. */
import { join } from 'node:path';
import { fromHex, idBytes, isRefusal, toHex, type Bytes } from '../src/base/index.ts';
import { initCryptoNode } from '../src/crypto/node.ts';
import { did } from '../src/identity/index.ts';
import { topics } from '../src/keyring/index.ts';
import { hourOf, openPosted, readLink, readWelcome, type ParsedLink, type Welcome } from '../src/room/index.ts';
import { askedBy, recordTo, type Asked } from './asked.ts';
import { Audit, holds, tapes } from './auditor.ts';
import { hears, invite, join as joinBy, newRoom, reaches, say } from './drive.ts';
import { expect, test, type NetworkEntry, type People, type Person, type Sotto } from './fixtures.ts';

test.setTimeout(240_000);

const WORDS = { ana: 'Ana Quetzalcoatl', ben: 'Ben Xochimilco', first: 'periwinkle at nightfall', second: 'marzipan before dawn' };
const CELL_HEX = 2 * 1024;
const NONCE_HEX = 2 * 24;
/** 986 k − 96 bytes (docs/protocol.md §7.1). */
const blobSizes = [1, 2, 4, 8, 16, 32, 64].map((k) => 986 * k - 96);

interface Conversation {
  readonly link: ParsedLink;
  /** Made by whoever joined: it names them. */
  readonly answer: ParsedLink;
  /** The relays, with the port at which each is dialled. */
  readonly network: readonly NetworkEntry[];
  readonly asked: { readonly ana: Asked; readonly ben: Asked };
}

function parsed(link: string): ParsedLink {
  const read = readLink(link, hourOf(Date.now()));
  if ('refused' in read) throw new Error(`the link is ${read.refused}`);
  return read;
}

/** A room, a link, a join, a few words each way; then both browsers and the relays are closed, so that all is written. */
async function converse(
  { sotto, people, folder }: { readonly sotto: Sotto; readonly people: People; readonly folder: string },
  watch: { readonly opened?: (person: Person) => Promise<void>; readonly closing?: (person: Person) => Promise<void> } = {},
): Promise<Conversation> {
  const record = { ana: join(folder, 'ana.netlog'), ben: join(folder, 'ben.netlog') };
  const ana = await people.open('ana', { args: recordTo(record.ana) });
  await watch.opened?.(ana);
  await newRoom(ana.page, sotto.url, WORDS.ana);
  const link = await invite(ana.page);
  const ben = await people.open('ben', { args: recordTo(record.ben) });
  await watch.opened?.(ben);
  await joinBy(ben.page, link, WORDS.ben);
  await say(ben.page, WORDS.first);
  await hears(ana, WORDS.first);
  await say(ana.page, WORDS.second);
  await hears(ben, WORDS.second);
  await reaches(ana.page, WORDS.second, ['delivered', 'read']);
  const answer = await invite(ben.page);
  for (const person of [ana, ben]) await watch.closing?.(person);
  const network = sotto.network();
  await Promise.all([ana.close(), ben.close()]);
  await sotto.stop();
  return { link: parsed(link), answer: parsed(answer), network, asked: { ana: askedBy(record.ana), ben: askedBy(record.ben) } };
}

/** What the link opens of the blobs at one of its mailboxes. */
function welcomeAt(
  audit: Audit,
  link: ParsedLink,
  mailbox: string,
): { readonly blob: string; readonly signed: Bytes; readonly welcome: Welcome } {
  const topic = topics(link.address).find((half) => half.topic.mailbox === mailbox);
  const tape = audit.tapes.find(({ id }) => id === mailbox);
  if (topic === undefined || tape === undefined) throw new Error('the link names a mailbox that is no relay of this network');
  for (const blob of audit.mailbox(tape).posted) {
    const posted = openPosted(link, topic.id, fromHex(blob));
    if (isRefusal(posted) || posted.kind !== 'welcome') continue;
    const welcome = readWelcome(posted.signed, link, hourOf(Date.now()));
    if (!isRefusal(welcome)) return { blob, signed: posted.signed, welcome };
  }
  throw new Error('the mailbox’s tap holds no Welcome that the link opens');
}

/** The relay that is dialled at that host:port. */
const dialledAt = (network: readonly NetworkEntry[], to: string): string | undefined =>
  network.find(({ multiaddrs }) => multiaddrs.some((address) => address.includes(`/tcp/${to.split(':').at(-1)}/ws/`)))?.name;

/** That the taps hold what must be there, and that the search finds it: without this, finding nothing would say nothing. */
function expectCiphertext(audit: Audit, link: ParsedLink): Welcome {
  const [first, second] = link.address.mailboxes.map((mailbox) => welcomeAt(audit, link, mailbox));
  if (first === undefined || second === undefined) throw new Error('an address has two mailboxes');
  expect(first.welcome.inviterName).toBe(WORDS.ana);
  expect(holds([toHex(first.signed)], WORDS.ana)).toBe(true);
  expect(first.blob).not.toBe(second.blob);
  for (const { id, topic } of topics(link.address)) {
    const mailbox = audit.tapes.find((tape) => tape.id === topic.mailbox);
    expect(audit.holders(idBytes(id))).toEqual([mailbox?.name]);
    expect(audit.holders(fromHex(welcomeAt(audit, link, topic.mailbox).blob))).toEqual([mailbox?.name]);
  }
  expect(audit.passedOn).toBeGreaterThan(100);
  return first.welcome;
}

function expectSearchFinds(raw: readonly string[], word: string): void {
  for (const way of ['hex', 'base64', 'base64url', 'utf8'] as const) {
    for (const before of ['', 'x', 'xy']) {
      const body = Buffer.from(`${before}${word} and more`).toString(way);
      expect(holds([...raw, JSON.stringify({ t: 0, event: 'message', body })], word)).toBe(true);
    }
  }
}

/** Nothing that was said, and nobody who said it. */
function expectNothingTold(audit: Audit, welcome: Welcome, { link, answer }: Conversation): void {
  const roots = [link.inviterRoot, answer.inviterRoot];
  expect(new Set(roots).size).toBe(2);
  const devices = welcome.admitters.map(({ identity }) => identity.device);
  for (const word of [...Object.values(WORDS), welcome.roomName, link.link, ...roots.map(did)]) expect(audit.holders(word)).toEqual([]);
  for (const id of [welcome.room, ...roots, ...devices]) expect(audit.holders(idBytes(id))).toEqual([]);
  for (const secret of [link.seed, link.address.secret, link.welcomeKey]) expect(audit.holders(secret)).toEqual([]);
}

/** A tab's host and port, as its browser itself had it, stand at the guard that it dialled and nowhere else. */
function expectGuardsOnly(audit: Audit, { connected }: Asked, network: readonly NetworkEntry[]): void {
  const links = connected.flatMap(({ from, to }) => {
    const guard = audit.tapes.find(({ name }) => name === dialledAt(network, to));
    return guard === undefined ? [] : [{ from, guard }];
  });
  let seen = 0;
  for (const { from, guard } of links) {
    const opened = guard.lines.find(({ event, remote }) => event === 'opened' && remote === from);
    // The system may have given the same port to somebody else before.
    const since = opened?.t ?? 0;
    const holders = audit.tapes.filter(({ raw, lines }) => {
      const later = raw.filter((_, i) => (lines[i]?.t ?? 0) >= since);
      return holds(later, from);
    });
    // A connection that came to nothing is no link, and stands nowhere.
    expect(holders.map(({ name }) => name)).toEqual(opened === undefined ? [] : [guard.name]);
    if (opened !== undefined) seen++;
  }
  expect(seen).toBeGreaterThan(0);
}

function expectSizes(audit: Audit): void {
  const cells = audit.tapes.flatMap(({ lines }) => lines.flatMap(({ cell }) => cell?.length ?? []));
  expect(cells.length).toBeGreaterThan(1000);
  expect(new Set(cells)).toEqual(new Set([CELL_HEX]));
  const blobs = audit.tapes.flatMap((tape) => [...audit.mailbox(tape).posted, ...audit.mailbox(tape).pushed]);
  const sizes = new Set(blobs.map((blob) => blob.length / 2));
  expect(sizes.size).toBeGreaterThan(1);
  expect([...sizes].filter((size) => !blobSizes.includes(size))).toEqual([]);
}

/** No two mailboxes saw anything in common, so none can tell which of its topics belongs to one of another: no topic, no blob, no nonce. */
function expectNothingShared(audit: Audit): void {
  const boxes = audit.tapes.map((tape) => audit.mailbox(tape));
  const handedOn = boxes.filter(({ posted, pushed }) => pushed.length > 0 && pushed.every((blob) => posted.includes(blob)));
  expect(handedOn.length).toBeGreaterThanOrEqual(2);
  const blobs = boxes.map(({ posted, pushed }) => new Set([...posted, ...pushed]));
  const nonces = blobs.map((each) => new Set([...each].map((blob) => blob.slice(0, NONCE_HEX))));
  for (const seen of [boxes.map((box) => box.topics), blobs, nonces]) {
    const all = seen.flatMap((each) => [...each]);
    expect(all.length).toBeGreaterThan(2);
    expect(all.filter((one, i) => all.indexOf(one) !== i)).toEqual([]);
  }
}

test('the taps of a whole conversation hold none of its words, names, ids and addresses', async ({ sotto, people, folder }) => {
  await initCryptoNode();
  const conversation = await converse({ sotto, people, folder });
  const audit = new Audit(tapes(sotto, conversation.network));
  const welcome = expectCiphertext(audit, conversation.link);
  for (const { raw } of audit.tapes) expectSearchFinds(raw.slice(-3), WORDS.first);
  expectNothingTold(audit, welcome, conversation);
  for (const asked of [conversation.asked.ana, conversation.asked.ben]) expectGuardsOnly(audit, asked, conversation.network);
  expectSizes(audit);
  expectNothingShared(audit);
});

test('no RTCPeerConnection is made, and no host is asked but the page’s and the guard', async ({ sotto, people, folder }) => {
  const sockets = new Set<string>();
  const made: string[] = [];
  const { network, asked } = await converse(
    { sotto, people, folder },
    {
      async opened({ context, page }) {
        page.on('websocket', (socket) => sockets.add(new URL(socket.url()).host));
        await context.exposeFunction('peerConnectionMade', (where: string) => void made.push(where));
        await context.addInitScript(watchPeerConnections);
      },
      async closing({ page }) {
        expect(made).toEqual([]);
        // And one that is made is seen.
        await page.evaluate(() => new RTCPeerConnection().close());
        await expect.poll(() => made.splice(0)).toHaveLength(1);
      },
    },
  );

  const page = new URL(sotto.url);
  const audit = new Audit(tapes(sotto, network));
  const guards = new Map(audit.longCircuits().flatMap(([guard]) => (guard === undefined ? [] : [[guard.near, guard.at.name]])));
  for (const { requested, looked, connected } of [asked.ana, asked.ben]) {
    expect([...looked].filter((name) => name !== 'localhost' && name !== '127.0.0.1')).toEqual([]);
    const dialled = connected.filter(({ to }) => !to.endsWith(`:${page.port}`));
    // The guard, and the one after it for mailboxes that are the guard themselves.
    const relays = new Set(dialled.map(({ to }) => to));
    expect([1, 2]).toContain(relays.size);
    const began = new Set(dialled.flatMap(({ from }) => guards.get(from) ?? []));
    expect(new Set(dialled.map(({ to }) => dialledAt(network, to)))).toEqual(began);
    expect([...requested].toSorted()).toEqual([page.host, ...relays].toSorted());
  }
  expect([...sockets].toSorted()).toEqual(
    [...new Set([...asked.ana.requested, ...asked.ben.requested])].filter((host) => host !== page.host).toSorted(),
  );
});

/** Runs in the page, before anything of the page's own. */
function watchPeerConnections(): void {
  const { peerConnectionMade } = window as unknown as { readonly peerConnectionMade: (where: string) => void };
  window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
    construct(target, given) {
      peerConnectionMade(location.href);
      return Reflect.construct(target, given) as object;
    },
  });
}
