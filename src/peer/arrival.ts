/**
 * What a link leads to, before anything is joined (docs/protocol.md §8.5): the Welcome and the notices at the invite's address.
 *
 *   link ──► damaged? expired? ──► both mailboxes of A_i ──► Welcome ─► preview        notice: used, revoked ─► refused
 */
import { isRefusal, toHex, type Bytes, type Clock, type Random, type TopicId } from '../base/index.ts';
import { topics } from '../keyring/index.ts';
import type { Mailboxes, Subscription } from '../mailbox/index.ts';
import { hourOf, openPosted, readLink, readNotice, readWelcome, type Notice, type ParsedLink, type Welcome } from '../room/index.ts';
import { LinkRefused, type LinkRefusal } from './view.ts';

/** How long the mailboxes of an invite may take, ms. */
const PATIENCE = 60_000;
/** Once one mailbox has told all, the other may take so much longer, ms. */
const SECOND_PATIENCE = 3_000;

const SILENT = 'The relays that keep this invitation do not answer. The link may still be good: try again later.';

const WORDS: Record<LinkRefusal, string> = {
  used: 'This link has been used. Ask for a new one.',
  expired: 'This link has expired. Ask for a new one.',
  revoked: 'This link was revoked. Ask for a new one.',
  damaged: 'This link is damaged: part of it is missing or changed. Copy it again, whole.',
};

export const linkRefused = (refusal: LinkRefusal): LinkRefused => new LinkRefused(refusal, WORDS[refusal]);

export interface Arrival {
  readonly link: ParsedLink;
  readonly welcome: Welcome;
  /** As it was signed: kept by whoever joins. */
  readonly signed: Bytes;
}

interface Found {
  /** Both mailboxes have told all that they hold. */
  readonly whole: boolean;
  readonly welcomes: Bytes[];
  readonly notices: Bytes[];
}

/** Reads a link, a whole URL or its fragment. Throws LinkRefused. `now` in ms, by network time. */
export function parseLink(text: string, now: number): ParsedLink {
  const link = readLink(text, hourOf(now));
  if ('refused' in link) throw linkRefused(link.refused);
  return link;
}

/** Asks the invite's mailboxes. Rejects with LinkRefused, or an Error in words when none of them answers. */
export async function arrive(
  link: ParsedLink,
  surroundings: { readonly mailboxes: Mailboxes; readonly clock: Clock; readonly random: Random; readonly now: () => number },
): Promise<Arrival> {
  const found = await fetchPosted(link, surroundings);
  const hour = hourOf(surroundings.now());
  let expired = false;
  for (const signed of found.welcomes) {
    const welcome = readWelcome(signed, link, hour);
    if (isRefusal(welcome)) {
      expired ||= welcome.refused === 'expired';
      continue;
    }
    const trusted = new Set([link.inviterRoot, ...welcome.admitters.map(({ identity }) => identity.persona)]);
    const notices = found.notices
      .map((notice) => readNotice(notice, link.ipk, hour, ({ persona }) => trusted.has(persona)))
      .filter((notice): notice is Notice => !isRefusal(notice));
    const outcome = notices.map((notice) => notice.outcome).find((o) => typeof o === 'string');
    if (outcome !== undefined) throw linkRefused(outcome);
    return { link, welcome, signed };
  }
  // One mailbox that holds nothing says little while the other, which may hold the Welcome, is silent.
  if (found.welcomes.length === 0 && !found.whole) throw new Error(SILENT);
  throw linkRefused(expired || found.welcomes.length === 0 ? 'expired' : 'damaged');
}

/** Everything that is posted at the invite's address, from both mailboxes, or from one when the other is silent. */
function fetchPosted(link: ParsedLink, { mailboxes, clock, random }: Parameters<typeof arrive>[1]): Promise<Found> {
  const { promise, resolve, reject } = Promise.withResolvers<Found>();
  const found = { welcomes: [] as Bytes[], notices: [] as Bytes[] };
  const isolation = toHex(random.bytes(16));
  const subscriptions: Subscription[] = [];
  const told = new Set<TopicId>();
  const finish = (settle: () => void): void => {
    cancel();
    for (const subscription of subscriptions) subscription.close();
    settle();
  };
  let cancel = clock.after(PATIENCE, () => finish(() => reject(new Error(SILENT))));
  for (const { topic, id } of topics(link.address)) {
    const follower = {
      blob: (_instance: number, _cursor: bigint, blob: Bytes): void => {
        const posted = openPosted(link, id, blob);
        if (!isRefusal(posted)) (posted.kind === 'welcome' ? found.welcomes : found.notices).push(posted.signed);
      },
      caughtUp: (): void => {
        told.add(id);
        if (told.size === 2) return finish(() => resolve({ ...found, whole: true }));
        cancel();
        cancel = clock.after(SECOND_PATIENCE, () => finish(() => resolve({ ...found, whole: false })));
      },
    };
    subscriptions.push(mailboxes.follow(isolation, topic, undefined, follower));
  }
  return promise;
}
