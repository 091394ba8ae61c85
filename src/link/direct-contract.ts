/** What every kind of node for direct links must do; run by the tests of each. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topicId, type Bytes, type RelayId, type TopicId } from '../base/index.ts';
import { DIRECT_WINDOW } from './direct-link.ts';
import type { DirectHandler, DirectId, DirectNode, DirectPeer } from './direct-node.ts';

/** Sizes of blobs under which the contract is run. bytes */
export const contractSizes = [890, 1876, 63_008];

export interface DirectContractSetup {
  /** A node that is found at the relays of the network. */
  node(handler: DirectHandler): Promise<DirectNode>;
  /** Lets the network run until the condition holds. Rejects when it never does. */
  until(condition: () => boolean): Promise<void>;
  /** Every relay goes; or comes back as the same. */
  relays(up: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Keeps all that a handler is told. Takes each blob at once, unless `slow`. */
export class DirectRecorder implements DirectHandler {
  readonly blobs: { readonly peer: DirectId; readonly topic: TopicId; readonly blob: Bytes }[] = [];
  readonly losses: string[] = [];
  readonly links: DirectId[] = [];
  readonly waiting: (() => void)[] = [];
  slow = false;

  linked(peer: DirectId): void {
    this.links.push(peer);
  }

  lost(_peer: DirectId, why: string): void {
    this.losses.push(why);
  }

  blob(peer: DirectId, topic: TopicId, blob: Bytes, taken: () => void): void {
    this.blobs.push({ peer, topic, blob });
    if (this.slow) this.waiting.push(taken);
    else taken();
  }

  moved(): void {}
}

const topic = topicId(new Uint8Array(32).fill(7));
const blobOf = (size: number, mark: number): Bytes => new Uint8Array(size).fill(mark & 0xff);
const named = (node: DirectNode, relays: readonly RelayId[] = node.relays()): DirectPeer => ({ id: node.id, relays });

interface Side {
  readonly node: DirectNode;
  readonly heard: DirectRecorder;
}

async function side(setup: DirectContractSetup): Promise<Side> {
  const heard = new DirectRecorder();
  const node = await setup.node(heard);
  await setup.until(() => node.relays().length > 0);
  return { node, heard };
}

async function linked(setup: DirectContractSetup): Promise<[Side, Side]> {
  const [a, b] = [await side(setup), await side(setup)];
  a.node.allow([named(b.node)]);
  b.node.allow([named(a.node)]);
  await setup.until(() => a.node.linked().length === 1 && b.node.linked().length === 1);
  return [a, b];
}

type At = () => DirectContractSetup;

function carries(setup: At): void {
  it('two who allow each other are linked, each known by its key', async () => {
    const [a, b] = await linked(setup());
    expect([a.node.linked(), b.node.linked()]).toEqual([[b.node.id], [a.node.id]]);
    expect([a.heard.links, b.heard.links]).toEqual([[b.node.id], [a.node.id]]);
    expect(a.node.id).toMatch(/^[0-9a-f]{64}$/);
    expect(a.node.id).not.toBe(b.node.id);
  });

  it('blobs of every size arrive whole and in order, both ways', async () => {
    const [a, b] = await linked(setup());
    const sizes = Array.from({ length: 60 }, (_, i) => contractSizes[i % contractSizes.length] ?? 890);
    sizes.forEach((size, i) => {
      expect(a.node.send(b.node.id, topic, blobOf(size, i))).toBe(true);
      expect(b.node.send(a.node.id, topic, blobOf(size, i + 100))).toBe(true);
    });
    await setup().until(() => a.heard.blobs.length === 60 && b.heard.blobs.length === 60);
    expect(b.heard.blobs).toEqual(sizes.map((size, i) => ({ peer: a.node.id, topic, blob: blobOf(size, i) })));
    expect(a.heard.blobs).toEqual(sizes.map((size, i) => ({ peer: b.node.id, topic, blob: blobOf(size, i + 100) })));
  });

  it('whoever is slow holds the other back, and what is beyond the queue is not taken', async () => {
    const [a, b] = await linked(setup());
    b.heard.slow = true;
    let given = 0;
    while (given < 2_000 && a.node.send(b.node.id, topic, blobOf(63_008, given))) given++;
    expect(given).toBeLessThan(2_000);
    await setup().until(() => b.heard.blobs.length === DIRECT_WINDOW);
    b.heard.slow = false;
    for (const taken of b.heard.waiting.splice(0)) taken();
    await setup().until(() => b.heard.blobs.length === given);
    expect(b.heard.blobs.map(({ blob }) => blob[0])).toEqual(Array.from({ length: given }, (_, i) => i & 0xff));
  });

  it('a node that stops is lost to the other', async () => {
    const [a, b] = await linked(setup());
    await a.node.stop();
    await setup().until(() => b.node.linked().length === 0);
    expect([a.node.linked(), b.heard.losses.length]).toEqual([[], 1]);
  });
}

function letsIn(setup: At): void {
  it('a stranger is not let in, nor one who was allowed only on one side', async () => {
    const [a, b] = await linked(setup());
    const c = await side(setup());
    c.node.allow([named(a.node), named(b.node)]);
    b.node.allow([named(a.node), named(c.node)]);
    await setup().until(() => c.node.linked().includes(b.node.id));
    expect(c.node.linked()).toEqual([b.node.id]);
    expect(a.node.linked()).toEqual([b.node.id]);
  });

  it('consent that is withdrawn ends the link on both sides, and given again makes it again', async () => {
    const [a, b] = await linked(setup());
    a.node.allow([]);
    await setup().until(() => a.node.linked().length === 0 && b.node.linked().length === 0);
    expect([a.heard.losses.length, b.heard.losses.length]).toEqual([1, 1]);
    expect(a.node.send(b.node.id, topic, blobOf(890, 1))).toBe(false);
    a.node.allow([named(b.node)]);
    await setup().until(() => a.node.linked().length === 1 && b.node.linked().length === 1);
    a.node.send(b.node.id, topic, blobOf(890, 9));
    await setup().until(() => b.heard.blobs.length === 1);
  });

  it('a link goes on without any relay; relays that come back are used again', async () => {
    const [a, b] = await linked(setup());
    await setup().relays(false);
    await setup().until(() => a.node.relays().length === 0);
    a.node.send(b.node.id, topic, blobOf(890, 1));
    b.node.send(a.node.id, topic, blobOf(890, 2));
    await setup().until(() => a.heard.blobs.length === 1 && b.heard.blobs.length === 1);
    await setup().relays(true);
    await setup().until(() => a.node.relays().length > 0 && b.node.relays().length > 0);
    expect(a.heard.losses).toEqual([]);
    a.node.allow([]);
    b.node.allow([]);
    await setup().until(() => a.node.linked().length === 0 && b.node.linked().length === 0);
    a.node.allow([named(b.node)]);
    b.node.allow([named(a.node)]);
    await setup().until(() => a.node.linked().length === 1 && b.node.linked().length === 1);
  });
}

export function directContract(name: string, make: () => Promise<DirectContractSetup>): void {
  describe(`direct contract: ${name}`, () => {
    let setup: DirectContractSetup;
    beforeEach(async () => {
      setup = await make();
    });
    afterEach(() => setup.stop());

    const at = (): DirectContractSetup => setup;
    carries(at);
    letsIn(at);
  });
}
