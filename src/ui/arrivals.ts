/**
 * Links that come in: by the address bar at the start, by a new fragment in an open tab, or pasted.
 *
 *   https://host/#<link>  →  kept here, in memory  →  https://host/
 *
 * The fragment is a secret: it leaves the address bar before anything else runs, and is written nowhere.
 */

/** The parts of `window` that are needed. */
export interface AddressBar {
  readonly location: { readonly hash: string; readonly pathname: string; readonly search: string };
  readonly history: { readonly state: unknown; replaceState(state: unknown, unused: string, url: string): void };
  addEventListener(type: 'hashchange', listener: () => void): void;
}

/** A link as it is handed out: at the page's own address, its secret part in the fragment, which no server is sent. */
export const wholeLink = (link: string, page: { readonly origin: string; readonly pathname: string }): string =>
  `${page.origin}${page.pathname}#${link.slice(link.indexOf('#') + 1)}`;

export class Arrivals {
  #link: string | undefined;
  readonly #listeners = new Set<() => void>();

  /** Takes the link out of the address bar now, and whenever a new one is put there. */
  constructor(bar: AddressBar) {
    const take = (): void => {
      const link = bar.location.hash.slice(1);
      if (link === '') return;
      bar.history.replaceState(bar.history.state, '', bar.location.pathname + bar.location.search);
      this.offer(link);
    };
    take();
    bar.addEventListener('hashchange', take);
  }

  /** The link that waits, whole or its fragment only. */
  readonly current = (): string | undefined => this.#link;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  offer(link: string): void {
    this.#set(link.trim());
  }

  drop(): void {
    this.#set(undefined);
  }

  #set(link: string | undefined): void {
    this.#link = link;
    for (const listener of [...this.#listeners]) listener();
  }
}
