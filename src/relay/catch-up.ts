/**
 * What a relay missed while it was away: gossip tells what is new, not what was said before. So it fetches an anchor's whole directory
 * as any client does, over a link and a circuit of its own that end with it.
 */
import type { Refusal } from '../base/index.ts';
import { DirectoryClient, type Anchor, type Descriptor, type Directory } from '../directory/index.ts';
import { CircuitClient, MessageKind } from '../onion/index.ts';
import type { RelayParts } from './assembly.ts';

export interface CatchUp extends Pick<RelayParts, 'clock' | 'random' | 'visit'> {
  readonly directory: Directory;
}

/** Takes in the anchor's directory. Rejects when the anchor does not answer. */
export async function catchUp(anchor: Anchor, { directory, clock, random, visit }: CatchUp): Promise<Descriptor | Refusal> {
  const circuits = new CircuitClient({ clock, random });
  const node = await visit(circuits, (address) => anchor.addresses.includes(address));
  const link = () => node.dial(anchor.addresses);
  const client = new DirectoryClient(directory, {
    describe: async () => circuits.describe(await link()),
    open: async (path) => {
      const circuit = await circuits.build(path, await link());
      return { ask: async (body) => (await circuit.request(MessageKind.DIRECTORY_REQUEST, body)).body, close: () => circuit.close() };
    },
  });
  try {
    return await client.firstContact(anchor.id);
  } finally {
    await node.stop();
  }
}
