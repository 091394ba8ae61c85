/** The half of Store that every store shares: what is open, who is told of trouble, which names are names. */
import { QueuedRecords, type Medium } from './records.ts';
import { StoreError, type Records, type Store, type StoreTrouble } from './store.ts';

type Listener = (trouble: StoreTrouble | 'well') => void;

/** What a store finds when it opens a name. */
export interface Opened {
  readonly medium: Medium;
  readonly values: Map<string, Uint8Array>;
}

/** How one store opens and removes a name that is not open. Both reject with StoreError. */
export interface Backing {
  open(name: string, tell: Listener): Promise<Opened>;
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

export class Shelf implements Store {
  readonly #backing: Backing;
  readonly #open = new Map<string, Promise<Records>>();
  readonly #listeners = new Set<Listener>();
  readonly #ill = new Set<string>();

  constructor(backing: Backing) {
    this.#backing = backing;
  }

  async open(name: string): Promise<Records> {
    checkName(name);
    if (this.#open.has(name)) throw new Error('these records are open already: close them before opening them again');
    const opening = this.#opened(name);
    this.#open.set(name, opening);
    try {
      return await opening;
    } catch (error) {
      this.#open.delete(name);
      if (error instanceof StoreError) this.#tell(name, error.trouble);
      throw error;
    }
  }

  async #opened(name: string): Promise<Records> {
    const tell: Listener = (trouble) => this.#tell(name, trouble);
    const { medium, values } = await this.#backing.open(name, tell);
    const close = async (): Promise<void> => {
      try {
        await medium.close();
      } finally {
        this.#open.delete(name);
        this.#ill.delete(name);
      }
    };
    return new QueuedRecords({ write: (changes) => medium.write(changes), tidy: async () => medium.tidy?.(), close }, values, tell);
  }

  /** 'well' is news only after trouble, and only when the last one who was ill is well. */
  #tell(name: string, trouble: StoreTrouble | 'well'): void {
    if (trouble !== 'well') this.#ill.add(name);
    else if (!this.#ill.delete(name) || this.#ill.size > 0) return;
    for (const listener of this.#listeners) listener(trouble);
  }

  async remove(name: string): Promise<void> {
    checkName(name);
    await this.#settled(name);
    await this.#backing.remove(name);
    this.#ill.delete(name);
  }

  /** Closes the name if it is open or being opened. */
  async #settled(name: string): Promise<void> {
    const opening = this.#open.get(name);
    if (opening === undefined) return;
    const records = await opening.catch(() => undefined);
    await records?.close();
  }

  onTrouble(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.#settled(name)));
    await this.#backing.close();
  }
}

function checkName(name: string): void {
  if (!/^[0-9a-f]{8,128}$/.test(name)) throw new RangeError('a store name is 8 to 128 characters of lower-case hex, made at random');
}
