/** Direct links over real WebRTC, introduced by real relays; in Node, where libp2p brings its own WebRTC. */
import { Counters, relayId, systemClock, systemRandom, type RelayId } from '../base/index.ts';
import { Recorder } from './contract.ts';
import { contractSizes, directContract } from './direct-contract.ts';
import type { DirectNode } from './direct-node.ts';
import { directNode } from './direct.ts';
import type { LinkNode } from './link.ts';
import { relayLink } from './node.ts';

const WITHIN = 60_000;

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + WITHIN; !condition();) {
    if (Date.now() > end) throw new Error('the condition never came true');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ids = [1, 2].map((n) => relayId(new Uint8Array(32).fill(n)));

/** A relay that comes back as the same: with its key, at its port, however soon it lets go of its connections. */
async function relay(n: number, port: number): Promise<LinkNode> {
  return relayLink({
    handler: new Recorder(),
    clock: systemClock,
    trusted: () => true,
    seed: new Uint8Array(32).fill(n),
    listen: [`/ip4/127.0.0.1/tcp/${port}/ws`],
    topics: [],
    patience: 300,
  });
}

const portOf = (node: LinkNode): number => Number(/tcp\/(\d+)/.exec(node.addresses()[0] ?? '')?.[1]);

directContract('libp2p WebRTC', async () => {
  let relays: LinkNode[] = await Promise.all([relay(1, 0), relay(2, 0)]);
  const ports = relays.map(portOf);
  const addresses = new Map<RelayId, readonly string[]>(ids.map((id, i) => [id, relays[i]?.addresses() ?? []]));
  const nodes: DirectNode[] = [];
  return {
    async node(handler) {
      const node = await directNode({
        handler,
        clock: systemClock,
        random: systemRandom,
        counters: new Counters(),
        sizes: contractSizes,
        signallers: () => ids,
        addressesOf: (id) => addresses.get(id) ?? [],
        trusted: () => true,
      });
      nodes.push(node);
      return node;
    },
    until,
    async relays(up) {
      if (!up) await Promise.all(relays.map((each) => each.stop()));
      else relays = await Promise.all(ports.map((port, i) => relay(i + 1, port)));
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await Promise.all(relays.map((each) => each.stop()));
    },
  };
});
