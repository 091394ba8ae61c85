/**
 * What a relay asks an anchor as any client does, over a link and a circuit of its own that end with it: its time, and what was missed
 * while this relay was away, as gossip tells what is new and not what was said before.
 *
 *   DESCRIBE ──► its own, whenever it was signed ──► CREATE, CREATED: its time ──► DIRECTORY?
 */
import { isRefusal, type Refusal } from '../base/index.ts';
import { describesItself, DirectoryClient, type Anchor, type Descriptor, type Directory } from '../directory/index.ts';
import { CircuitClient, MessageKind } from '../onion/index.ts';
import type { RelayParts } from './assembly.ts';

export interface CatchUp extends Pick<RelayParts, 'clock' | 'random' | 'visit'> {
  readonly directory: Directory;
  /** The anchor has said its UTC seconds. */
  readonly heard: (seconds: number) => void;
}

/** Hears the anchor's time, and takes in its whole directory if that is wanted. Rejects when the anchor does not answer. */
export async function catchUp(anchor: Anchor, options: CatchUp, wanted: 'all' | 'time'): Promise<Descriptor | Refusal> {
  const { directory, clock, random, visit, heard } = options;
  const circuits = new CircuitClient({ clock, random, time: ({ seconds }) => heard(seconds) });
  const node = await visit(circuits, (address) => anchor.addresses.includes(address));
  try {
    const link = await node.dial(anchor.addresses);
    const described = describesItself(await circuits.describe(link), anchor.id);
    if (isRefusal(described)) return described;
    const circuit = await circuits.build([described], link);
    if (wanted === 'time') return described;
    const client = new DirectoryClient(directory, {
      describe: () => Promise.resolve(described.signed),
      open: () =>
        Promise.resolve({
          ask: async (body) => (await circuit.request(MessageKind.DIRECTORY_REQUEST, body)).body,
          close: () => circuit.close(),
        }),
    });
    return await client.firstContact(anchor.id);
  } finally {
    await node.stop();
  }
}
