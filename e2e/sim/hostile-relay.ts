/**
 * Relays that keep no rule: the assembly of src/relay with other parts in the place of honest ones. Each is what one operator can do;
 * none of them holds a key that is not its own.
 *
 *   links ──► [drops, doubles, garbles, delays, replays] ──► hop ──► [refuses to extend] ──► links
 *                                                              └──► mailbox ──► [keeps nothing, withholds, hands over in another order]
 */
import type { Bytes, Clock, Random } from '../../src/base/index.ts';
import { uniform } from '../../src/base/index.ts';
import { decodeDescriptor, signDescriptor, type Descriptor } from '../../src/directory/index.ts';
import { isRefusal } from '../../src/base/index.ts';
import type { CellLink, LinkHandler, LinkNode } from '../../src/link/index.ts';
import type { BlobStore, HeldBlob } from '../../src/mailbox/index.ts';
import type { RelayParts } from '../../src/relay/index.ts';
import type { SimRelay } from './relay.ts';
import type { World } from './world.ts';

export type Amiss = (parts: RelayParts) => RelayParts;

type Deal = (pass: (cell: Bytes) => void, cell: Bytes, tools: { readonly clock: Clock; readonly random: Random }) => void;

const garbled = (cell: Bytes, random: Random): Bytes => {
  const other = cell.slice();
  const bit = Math.floor(uniform(random) * (other.length - 8) * 8) + 64;
  other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return other;
};

/** Deals with the cells that come in; everything else goes on as it should. */
const cells =
  (deal: Deal): Amiss =>
  (parts) => ({
    ...parts,
    listen: (handler, ...rest) => parts.listen(dealing(handler, deal, parts), ...rest),
  });

function dealing(handler: LinkHandler, deal: Deal, tools: RelayParts): LinkHandler {
  return {
    opened: (link) => handler.opened(link),
    closed: (link, why) => handler.closed(link, why),
    control: (link, type, circuit, payload) => handler.control(link, type, circuit, payload),
    cell: (link: CellLink, circuit, counter, cell) => deal((one) => handler.cell(link, circuit, counter, one), cell, tools),
  };
}

/** Of all cells, this part. */
const PART = 0.15;

/** Around the store of a mailbox. */
const storing =
  (amiss: (store: BlobStore) => Partial<BlobStore>): Amiss =>
  (parts) => {
    const { blobs } = parts;
    const store: BlobStore = {
      instance: blobs.instance,
      get bytes() {
        return blobs.bytes;
      },
      topicBytes: (topic) => blobs.topicBytes(topic),
      find: (topic, hash) => blobs.find(topic, hash),
      put: (topic, hash, blob, now) => blobs.put(topic, hash, blob, now),
      durable: () => blobs.durable(),
      after: (topic, cursor, limit) => blobs.after(topic, cursor, limit),
      oldest: () => blobs.oldest(),
      expire: (before) => blobs.expire(before),
      close: () => blobs.close(),
    };
    return { ...parts, blobs: Object.assign(store, amiss(blobs)) };
  };

/** Around what the relay says of itself by gossip. */
const describing =
  (lie: (own: Descriptor, others: readonly Descriptor[]) => Partial<Descriptor>, others: () => readonly Descriptor[]): Amiss =>
  (parts) => ({
    ...parts,
    listen: async (...given): Promise<LinkNode> => {
      const node = await parts.listen(...given);
      return {
        ...node,
        publish: (topic, data) => {
          const own = decodeDescriptor(data);
          node.publish(topic, isRefusal(own) || own.id !== parts.id ? data : signDescriptor(parts.root, { ...own, ...lie(own, others()) }));
        },
      };
    },
  });

const clockOff =
  (ms: number): Amiss =>
  (parts) => ({ ...parts, clock: { now: () => parts.clock.now() + ms, after: (wait, action) => parts.clock.after(wait, action) } });

export const amiss = {
  drops: cells((pass, cell, { random }) => void (uniform(random) < PART || pass(cell))),
  doubles: cells((pass, cell, { random }) => {
    const copy = cell.slice();
    pass(cell);
    if (uniform(random) < PART) pass(copy);
  }),
  garbles: cells((pass, cell, { random }) => pass(uniform(random) < PART ? garbled(cell, random) : cell)),
  delays: cells((pass, cell, { clock, random }) => void clock.after(uniform(random) < PART ? 60_000 : 0, () => pass(cell))),
  replays: cells((pass, cell, { clock, random }) => {
    const copy = cell.slice();
    pass(cell);
    if (uniform(random) < PART) clock.after(5_000, () => pass(copy));
  }),
  swallows: cells(() => undefined),
  refusesToExtend: ((parts) => ({
    ...parts,
    listen: async (...given: Parameters<RelayParts['listen']>) => {
      const node = await parts.listen(...given);
      return { ...node, dial: () => Promise.reject(new Error('no')) };
    },
  })) satisfies Amiss,
  keepsNothing: storing((store) => {
    let last = 0n;
    return {
      find: () => undefined,
      put: (_topic, _hash, _blob, now) => (last = last >= BigInt(now) ? last + 1n : BigInt(now)),
      after: () => [],
      topicBytes: () => 0,
      oldest: () => store.oldest(),
    };
  }),
  keepsOther: storing((store) => ({
    after: (topic, cursor, limit) =>
      store.after(topic, cursor, limit).map((held): HeldBlob => ({ ...held, blob: held.blob.slice().fill(7) })),
  })),
  shuffles: storing((store) => ({
    after: (topic, cursor, limit) => store.after(topic, cursor, 64).toReversed().slice(0, limit),
  })),
  /** Its clock is wrong by so much, ms. */
  clockOff,
  /** The same, and it asks nobody what the time is. */
  standsByItsClock:
    (ms: number): Amiss =>
    (parts) => ({ ...clockOff(ms)(parts), visit: () => Promise.reject(new Error('no')) }),
  describing,
} as const;

/** From now on the relay is run like this, by the same operator: with its keys and what it holds. */
export async function turn(world: World, relay: SimRelay, how: Amiss, name: string): Promise<void> {
  await world.kill(relay, 'process');
  world.note(`${relay.name} comes back, and ${name}`);
  await world.settled(`${relay.name} starts`, relay.start(how));
}
