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
  watch: (person: Person) => Promise<void> = async () => undefined,
): Promise<Conversation> {
  const record = { ana: join(folder, 'ana.netlog'), ben: join(folder, 'ben.netlog') };
  const ana = await people.open('ana', { args: recordTo(record.ana) });
  await watch(ana);
  await newRoom(ana.page, sotto.url, WORDS.ana);
  const link = await invite(ana.page);
  const ben = await people.open('ben', { args: recordTo(record.ben) });
  await watch(ben);
  await joinBy(ben.page, link, WORDS.ben);
  await say(ben.page, WORDS.first);
  await hears(ana, WORDS.first);
  await say(ana.page, WORDS.second);
  await hears(ben, WORDS.second);
  await reaches(ana.page, WORDS.second, ['delivered', 'read']);
  const answer = await invite(ben.page);
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

const portOf = (entry: NetworkEntry): string => /\/tcp\/(\d+)\/ws/.exec(entry.multiaddrs.join(' '))?.[1] ?? '';

test('the taps of a whole conversation hold none of its words, names, ids and addresses', async ({ sotto, people, folder }) => {
  await initCryptoNode();
  const { link, answer, network, asked } = await converse({ sotto, people, folder });
  const audit = new Audit(tapes(sotto, network));
  const names = audit.tapes.map(({ name }) => name);

  // First, that the taps hold what must be there, and that the search finds it.
  const [first, second] = link.address.mailboxes.map((mailbox) => welcomeAt(audit, link, mailbox));
  if (first === undefined || second === undefined) throw new Error('an address has two mailboxes');
  expect(first.welcome.inviterName).toBe(WORDS.ana);
  expect(holds([toHex(first.signed)], WORDS.ana)).toBe(true);
  expect(first.blob).not.toBe(second.blob);
  for (const { id, topic } of topics(link.address)) {
    const mailbox = audit.tapes.find((tape) => tape.id === topic.mailbox);
    expect(audit.holders(idBytes(id))).toEqual([mailbox?.name]);
    expect(audit.holders(fromHex(welcomeAt(audit, link, topic.mailbox).blob).subarray(0, 600))).toEqual([mailbox?.name]);
  }
  expect(audit.passedOn).toBeGreaterThan(100);
  for (const way of [
    toHex,
    (bytes: Uint8Array) => Buffer.from(bytes).toString('base64'),
    (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8'),
  ]) {
    for (const before of ['', 'x', 'xy']) {
      const canary = way(Buffer.from(`${before}${WORDS.first} and more`));
      expect(holds([...(audit.tapes[0]?.raw ?? []), JSON.stringify({ t: 0, event: 'message', body: canary })], WORDS.first)).toBe(true);
    }
  }

  // Nothing that was said, and nobody who said it.
  const roots = [link.inviterRoot, answer.inviterRoot];
  expect(new Set(roots).size).toBe(2);
  const devices = first.welcome.admitters.map(({ identity }) => identity.device);
  const secrets = [...Object.values(WORDS), first.welcome.roomName, link.link, ...roots.map(did)];
  for (const word of secrets) expect(audit.holders(word)).toEqual([]);
  for (const id of [first.welcome.room, ...roots, ...devices]) expect(audit.holders(idBytes(id))).toEqual([]);
  for (const secret of [link.seed, link.address.secret, link.welcomeKey]) expect(audit.holders(secret)).toEqual([]);

  // A tab's host and port, as the browser itself had it, stand at the guard that it dialled and nowhere else.
  for (const { connected } of [asked.ana, asked.ben]) {
    const links = connected.flatMap(({ from, to }) => {
      const guard = network.find((entry) => to.endsWith(`:${portOf(entry)}`));
      return guard === undefined ? [] : [{ from, guard: guard.name }];
    });
    expect(links.length).toBeGreaterThan(0);
    for (const { from, guard } of links) {
      const since = audit.tapes
        .find(({ name }) => name === guard)
        ?.lines.find(({ event, remote }) => event === 'opened' && remote === from)?.t;
      if (since === undefined) throw new Error(`${guard} never saw ${from} come`);
      const seers = audit.tapes.filter(({ raw, lines }) =>
        holds(
          raw.filter((_, i) => (lines[i]?.t ?? 0) >= since),
          from,
        ),
      );
      expect(seers.map(({ name }) => name)).toEqual([guard]);
    }
  }

  // Cells of one size, blobs of seven.
  const cells = audit.tapes.flatMap(({ lines }) => lines.flatMap(({ cell }) => cell?.length ?? []));
  expect(cells.length).toBeGreaterThan(1000);
  expect(new Set(cells)).toEqual(new Set([CELL_HEX]));
  const boxes = audit.tapes.map((tape) => audit.mailbox(tape));
  const blobs = boxes.map(({ posted, pushed }) => [...posted, ...pushed]);
  const sizes = new Set(blobs.flat().map((blob) => blob.length / 2));
  expect(sizes.size).toBeGreaterThan(1);
  expect([...sizes].filter((size) => !blobSizes.includes(size))).toEqual([]);

  // What was posted was handed on as it was, and no two mailboxes saw anything in common: no topic, no blob, no nonce.
  expect(
    boxes.filter(({ posted, pushed }) => pushed.length > 0 && pushed.every((blob) => posted.includes(blob))).length,
  ).toBeGreaterThanOrEqual(2);
  for (const seen of [boxes.map((box) => [...box.topics]), blobs, blobs.map((each) => each.map((blob) => blob.slice(0, 48)))]) {
    const where = new Map<string, Set<string>>();
    seen.forEach((each, i) => each.forEach((one) => where.set(one, (where.get(one) ?? new Set()).add(names[i] ?? ''))));
    expect(where.size).toBeGreaterThan(1);
    expect([...where.values()].filter((holders) => holders.size > 1)).toEqual([]);
  }
});

test('no RTCPeerConnection is made, and no host is asked but the page’s and the guard', async ({ sotto, people, folder }) => {
  const sockets: string[] = [];
  const made: string[] = [];
  const { network, asked } = await converse({ sotto, people, folder }, async (person) => {
    person.page.on('websocket', (socket) => sockets.push(new URL(socket.url()).host));
    await person.context.exposeFunction('peerConnectionMade', (where: string) => void made.push(where));
    await person.context.addInitScript(watchPeerConnections);
  });
  expect(made).toEqual([]);

  const page = new URL(sotto.url).host;
  const audit = new Audit(tapes(sotto, network));
  const guards = new Map(audit.longCircuits().flatMap(([guard]) => (guard === undefined ? [] : [[guard.near, guard.at.name]])));
  for (const { requested, looked, connected } of [asked.ana, asked.ben]) {
    expect([...looked].filter((name) => name !== 'localhost' && name !== '127.0.0.1')).toEqual([]);
    const dialled = connected.filter(({ to }) => !to.endsWith(`:${new URL(sotto.url).port}`));
    // The guard, and the one after it for mailboxes that are the guard themselves.
    const relays = new Set(dialled.map(({ to }) => to));
    expect(relays.size).toBeGreaterThan(0);
    expect(relays.size).toBeLessThanOrEqual(2);
    expect(new Set(dialled.map(({ from }) => guards.get(from)))).toEqual(
      new Set(dialled.map(({ to }) => network.find((entry) => to.endsWith(`:${portOf(entry)}`))?.name)),
    );
    expect([...requested].toSorted()).toEqual([page, ...relays].toSorted());
  }
  expect(new Set(sockets)).toEqual(new Set([...asked.ana.requested, ...asked.ben.requested].filter((host) => host !== page)));
});

test('the watch on RTCPeerConnection sees one that is made', async ({ sotto, people }) => {
  const ana = await people.open('ana');
  const made: string[] = [];
  await ana.context.exposeFunction('peerConnectionMade', (where: string) => void made.push(where));
  await ana.context.addInitScript(watchPeerConnections);
  await ana.page.goto(sotto.url);
  await ana.page.evaluate(() => new RTCPeerConnection().close());
  await expect.poll(() => made).toEqual([sotto.url]);
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
