/** Strangers who build real circuits of one hop to the relay, and post small blobs without end: each costs it a signature and a write. */
import { isRefusal, systemClock, systemRandom } from '../../src/base/index.ts';
import { ed25519, sha256 } from '../../src/crypto/index.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { verifyDescriptor } from '../../src/directory/index.ts';
import { libp2pLink } from '../../src/link/index.ts';
import { topicOf } from '../../src/mailbox/index.ts';
import { encodePost, postSigned } from '../../src/mailbox/frames.ts';
import { CircuitClient, MessageKind } from '../../src/onion/index.ts';
import type { Attack } from './attacker.ts';

const LINKS = 4;
const POSTS = 2_000;
const SMALLEST = 890;
const AT_ONCE = 32;

function madeBefore(): readonly Uint8Array[] {
  const seed = systemRandom.bytes(32);
  const topic = topicOf(seed);
  return Array.from({ length: POSTS }, () => {
    const blob = systemRandom.bytes(SMALLEST);
    return encodePost({ topic, signature: ed25519.sign(seed, postSigned(topic, sha256(blob))), blob });
  });
}

export const posts: Attack = async (multiaddr, tell) => {
  await initCryptoNode();
  const made = madeBefore();
  let [count, stored] = [0, 0];
  const begun = Promise.withResolvers<void>();
  const circuit = async () => {
    const client = new CircuitClient({ clock: systemClock, random: systemRandom });
    const link = await (await libp2pLink({ handler: client, clock: systemClock, trusted: () => true })).dial([multiaddr]);
    const described = verifyDescriptor(await client.describe(link), Math.floor(Date.now() / 1000));
    if (isRefusal(described)) throw new Error(`the relay's descriptor is refused: ${described.refused}`);
    return client.build([described], link, { delayClass: 0 });
  };
  const run = async (): Promise<void> => {
    const open = await circuit();
    const one = async (): Promise<void> => {
      for (;;) {
        const post = made[count++ % made.length];
        if (post === undefined) return;
        const { kind } = await open.request(MessageKind.POST, post);
        if (kind === MessageKind.STORED) stored += 1;
        if (stored === 1) {
          tell({ count, stored });
          begun.resolve();
        }
        if (count % 100 === 0) tell({ count, stored });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  };
  for (let i = 0; i < LINKS; i++) run().catch((error: unknown) => console.error(error));
  await begun.promise;
};
