/**
 * Which relays a circuit goes through (docs/protocol.md §5):
 *
 *   guard (given) ──► middle (uniform among those that fit) ──► last: the mailbox, or a directory
 *
 * Never the same relay twice; guard or middle is trusted (an anchor, or set by hand); guard and middle share no family and no /16.
 * A relay with a loopback or private address is used only when trusted. No such path is a refusal, never a shorter one.
 */
import { isRefusal, pick, refuse, type Random, type Refusal, type RelayId } from '../base/index.ts';
import { parseAddress, type Address } from '../link/index.ts';
import type { Descriptor } from './descriptor-type.ts';

export interface PathQuestion {
  /** Valid now. */
  readonly descriptors: readonly Descriptor[];
  readonly guard: RelayId;
  readonly last: RelayId;
  /** The last hop is to be a mailbox; else any relay will do. */
  readonly mailbox: boolean;
  /** Anchors, and relays set by hand. */
  readonly trusted: ReadonlySet<RelayId>;
  /** Of the relays that would do, one of those with the lowest number is the middle. */
  readonly reluctance: (relay: RelayId) => number;
  readonly random: Random;
}

export type Path = readonly [guard: Descriptor, middle: Descriptor, last: Descriptor];

/** Three relays, or why there are none, in words for the screen. */
export function choosePath(question: PathQuestion): Path | Refusal {
  const { descriptors, trusted, reluctance, random } = question;
  const usable = descriptors.filter((descriptor) => trusted.has(descriptor.id) || reachable(descriptor));
  const guard = usable.find(({ id }) => id === question.guard);
  const last = usable.find(({ id }) => id === question.last);
  if (guard?.roles.guard !== true) return refuse('no-guard', 'The first relay is not in the directory.');
  if (last === undefined) return refuse('no-last-hop', 'The relay that keeps the messages is not in the directory.');
  if (question.mailbox && !last.roles.mailbox) return refuse('no-last-hop', 'The relay that should keep the messages does not keep any.');
  if (guard.id === last.id) return refuse('no-guard', 'The first and the last relay would be the same.');
  const fitting = usable.filter(
    (middle) => middle.roles.middle && middle.id !== guard.id && middle.id !== last.id && strangers(guard, middle),
  );
  const middles = fitting.filter(({ id }) => trusted.has(guard.id) || trusted.has(id));
  const middle = pick(random, preferred(middles, reluctance));
  if (middle === undefined) return refuse('no-middle', 'There are not enough independent relays for three hops.');
  return [guard, middle, last];
}

function preferred(middles: readonly Descriptor[], reluctance: (relay: RelayId) => number): readonly Descriptor[] {
  const least = Math.min(...middles.map(({ id }) => reluctance(id)));
  return middles.filter(({ id }) => reluctance(id) === least);
}

const addressesOf = (descriptor: Descriptor): Address[] =>
  descriptor.addresses.map(parseAddress).flatMap((address) => (isRefusal(address) ? [] : [address]));

/** Every address is one that anybody may dial. */
const reachable = (descriptor: Descriptor): boolean => addressesOf(descriptor).every((address) => address.public);

/** Nothing says that two relays belong to one operator or one network. */
export function strangers(a: Descriptor, b: Descriptor): boolean {
  if (a.id === b.id || (a.family !== '' && a.family === b.family)) return false;
  return !addressesOf(a).some((one) => addressesOf(b).some((other) => near(one, other)));
}

function near(a: Address, b: Address): boolean {
  if (a.prefix !== undefined && b.prefix !== undefined) return a.prefix === b.prefix;
  if (a.public && b.public) return a.host === b.host;
  return a.host === b.host && a.port === b.port;
}
