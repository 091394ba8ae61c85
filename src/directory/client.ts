/**
 * How a client comes to know the relays (docs/protocol.md §5):
 *
 *   first contact   DESCRIBE on the guard's link ──► its descriptor (must hash to the id we wanted) ──► one hop ──► whole directory
 *   refresh         from the guard, and through three hops from two anchors ──► union, disagreement shown
 */
import { isRefusal, refuse, type Bytes, type Refusal, type RelayId } from '../base/index.ts';
import type { Descriptor } from './descriptor-type.ts';
import type { Directory, Merge } from './directory.ts';
import { decodePage, encodeDirectoryRequest } from './pages.ts';

export interface DirectoryAsker {
  /** DESCRIBE on the link to a guard: the payload of DESCRIPTOR. */
  describe(guard: RelayId): Promise<Bytes>;
  /** Opens a circuit over these relays, one or three. */
  open(path: readonly Descriptor[]): Promise<DirectoryCircuit>;
}

export interface DirectoryCircuit {
  /** DIRECTORY? with this body at the last hop: the body of DIRECTORY. */
  ask(body: Bytes): Promise<Bytes>;
  close(): void;
}

/** Pages of one directory: 2,048 relays, seven to a page, and some. */
const MOST_PAGES = 320;

export class DirectoryClient {
  readonly #directory: Directory;
  readonly #asker: DirectoryAsker;

  constructor(directory: Directory, asker: DirectoryAsker) {
    this.#directory = directory;
    this.#asker = asker;
  }

  /** Learns a guard's descriptor from itself, then the whole directory from it. Rejects when the guard cannot be reached. */
  async firstContact(guard: RelayId): Promise<Descriptor | Refusal> {
    const described = this.#directory.add(await this.#asker.describe(guard));
    const descriptor = isRefusal(described) ? (this.#directory.get(guard) ?? described) : described;
    if (isRefusal(descriptor)) return descriptor;
    if (descriptor.id !== guard) return refuse('descriptor-other', 'The relay is not the one that was expected.');
    const fetched = await this.fetch([descriptor]);
    return isRefusal(fetched) ? fetched : descriptor;
  }

  /** Takes in the whole directory of the path's last relay, page by page. Resolves with how many it listed; rejects when the circuit fails. */
  async fetch(path: readonly Descriptor[]): Promise<number | Refusal> {
    const last = path.at(-1);
    if (last === undefined) throw new Error('directory: a path needs at least one relay');
    const circuit = await this.#asker.open(path);
    try {
      return await this.#pages(circuit, this.#directory.merge(last.id));
    } finally {
      circuit.close();
    }
  }

  async #pages(circuit: DirectoryCircuit, merge: Merge): Promise<number | Refusal> {
    let listed = 0;
    let cursor = 0;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page = decodePage(await circuit.ask(encodeDirectoryRequest(cursor)));
      if (isRefusal(page)) return page;
      for (const signed of page.descriptors) if (!merge.add(signed)) return refuse('directory-bad', 'A directory holds forged entries.');
      listed += page.descriptors.length;
      if (page.next === 0) {
        merge.done();
        return listed;
      }
      if (page.next <= cursor) return refuse('directory-page', 'The pages of a directory do not go on.');
      cursor = page.next;
    }
    return refuse('directory-page', 'A directory has too many pages.');
  }
}
