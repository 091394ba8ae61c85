/**
 * From a loaded page to an open peer, in one tab at a time.
 *
 *   opening ──▶ open ──another tab takes over──▶ other-tab
 *      │  ▲                                       │
 *      │  └──Use here, or the other tab is gone───┘
 *      ▼
 *    failed ──Try again──▶ opening
 *
 * An open peer whose storage another tab has opened meanwhile, one that had been asleep, is opened anew.
 */
import type { Peer, StorageView } from './peer-view.ts';
import { errorWords } from './words.ts';

export type SessionState =
  | { readonly at: 'opening' }
  | { readonly at: 'other-tab' }
  | { readonly at: 'failed'; readonly failure: Failure }
  | { readonly at: 'open'; readonly peer: Peer };

/** `trouble`: of what is kept, where it is that; `words`: what the error itself says. */
export interface Failure {
  readonly trouble?: Exclude<NonNullable<StorageView['trouble']>, 'taken'>;
  readonly words: string;
}

/** The words of StoreError and VaultError, and the names of DOMExceptions, which mean a browser that keeps nothing. */
const troubles: Readonly<Record<string, Failure['trouble']>> = {
  full: 'full',
  quota: 'full',
  QuotaExceededError: 'full',
  aborted: 'closed',
  closed: 'closed',
  taken: 'closed',
  blocked: 'closed',
  damaged: 'damaged',
  refused: 'refused',
  SecurityError: 'refused',
  InvalidStateError: 'refused',
  UnknownError: 'refused',
};

function failureOf(error: unknown): Failure {
  const words = errorWords(error);
  if (!(error instanceof Error)) return { words };
  const { name, trouble: stored, kind } = error as Error & { readonly trouble?: unknown; readonly kind?: unknown };
  const trouble = [stored, kind, name].map((word) => (typeof word === 'string' ? troubles[word] : undefined)).find((known) => known);
  return trouble === undefined ? { words } : { trouble, words };
}

/** Whether this tab is the active one; as `ActiveTab` of store. */
export interface Tab {
  readonly active: boolean;
  onChange(listener: (active: boolean) => void): () => void;
  takeOver(): Promise<void>;
}

/** Resolves when it is known whether this tab is the active one; `yieldTo` closes what it holds, before another goes on. */
export type ClaimTab = (yieldTo: () => Promise<void>) => Promise<Tab>;

export class Session {
  #state: SessionState = { at: 'opening' };
  #tab: Tab | undefined;
  #peer: Peer | undefined;
  #unwatch: () => void = () => undefined;
  /** Opening and stopping happen one after the other, whatever order the tabs' changes come in. */
  #last: Promise<void> = Promise.resolve();
  readonly #claim: ClaimTab;
  readonly #openPeer: () => Promise<Peer>;
  readonly #listeners = new Set<() => void>();

  constructor(claim: ClaimTab, openPeer: () => Promise<Peer>) {
    this.#claim = claim;
    this.#openPeer = openPeer;
  }

  readonly state = (): SessionState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** At the start, and again after a failure. Never rejects: what goes wrong is a state. */
  async start(): Promise<void> {
    this.#set({ at: 'opening' });
    try {
      if (this.#tab === undefined) {
        this.#tab = await this.#claim(() => this.#stop());
        this.#tab.onChange(() => void this.#follow());
      }
      await this.#follow();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Takes over from the active tab. */
  async takeOver(): Promise<void> {
    this.#set({ at: 'opening' });
    try {
      await this.#tab?.takeOver();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #follow(): Promise<void> {
    if (this.#tab?.active === true) await this.#open();
    else this.#set({ at: 'other-tab' });
  }

  #open(): Promise<void> {
    return this.#next(async () => {
      if (this.#tab?.active !== true || this.#peer !== undefined) return;
      this.#set({ at: 'opening' });
      try {
        this.#peer = await this.#openPeer();
        if (this.#tab.active) this.#set({ at: 'open', peer: this.#peer });
        this.#watch(this.#peer);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #watch(peer: Peer): void {
    const look = (): void => {
      if (peer.view().storage.trouble !== 'taken' || this.#tab?.active !== true) return;
      this.#unwatch();
      void this.#stop();
      void this.#open();
    };
    this.#unwatch = peer.subscribe(look);
    look();
  }

  #stop(): Promise<void> {
    return this.#next(async () => {
      this.#unwatch();
      const peer = this.#peer;
      this.#peer = undefined;
      await peer?.stop();
    });
  }

  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #fail(error: unknown): void {
    this.#set({ at: 'failed', failure: failureOf(error) });
  }

  #set(state: SessionState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}
