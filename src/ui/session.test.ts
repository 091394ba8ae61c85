import { describe, expect, it } from 'vitest';
import type { Peer } from './peer-view.ts';
import { Session, type Tab } from './session.ts';

class ScriptedTab implements Tab {
  active: boolean;
  yieldTo: () => Promise<void> = async () => undefined;
  readonly #listeners = new Set<(active: boolean) => void>();

  constructor(active: boolean) {
    this.active = active;
  }

  onChange(listener: (active: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(active: boolean): void {
    this.active = active;
    for (const listener of this.#listeners) listener(active);
  }

  async takeOver(): Promise<void> {
    this.set(true);
  }
}

/** A session over a scripted tab; `log` is the order of things, `opened` hands out what openPeer waits for. */
function setUp(active: boolean) {
  const log: string[] = [];
  const tab = new ScriptedTab(active);
  const waiting: PromiseWithResolvers<Peer>[] = [];
  const session = new Session(
    async (yieldTo) => {
      tab.yieldTo = yieldTo;
      return tab;
    },
    () => {
      log.push('open');
      const opening = Promise.withResolvers<Peer>();
      waiting.push(opening);
      return opening.promise;
    },
  );
  session.subscribe(() => log.push(session.state().at));
  const heard = new Set<() => void>();
  const storage: { trouble?: string } = {};
  // Of a peer, the session uses these alone.
  const peer = {
    stop: async () => void log.push('stop'),
    view: () => ({ storage }),
    subscribe: (listener: () => void) => {
      heard.add(listener);
      return () => heard.delete(listener);
    },
  } as unknown as Peer;
  const tell = (trouble?: string): void => {
    Object.assign(storage, { trouble });
    for (const listener of heard) listener();
  };
  const settle = async (): Promise<void> => new Promise((done) => setImmediate(done));
  /** In the active tab. */
  const open = async (): Promise<void> => {
    void session.start();
    await settle();
    waiting[0]?.resolve(peer);
    await settle();
  };
  return { log, tab, waiting, session, peer, settle, open, tell };
}

describe('a session', () => {
  it('opens in the active tab', async () => {
    const { session, peer, open, log } = setUp(true);
    await open();
    expect(session.state()).toEqual({ at: 'open', peer });
    expect(log.filter((step) => step === 'open')).toHaveLength(2);
  });

  it('says so when another tab is active, and opens when it takes over', async () => {
    const { session, waiting, peer, settle } = setUp(false);
    await session.start();
    expect([session.state().at, waiting.length]).toEqual(['other-tab', 0]);
    void session.takeOver();
    await settle();
    waiting[0]?.resolve(peer);
    await settle();
    expect(session.state().at).toBe('open');
  });

  it('stops the peer before another tab goes on, even one that was still opening', async () => {
    const { session, tab, waiting, peer, settle, log } = setUp(true);
    void session.start();
    await settle();
    tab.set(false);
    const yielded = tab.yieldTo().then(() => log.push('yielded'));
    expect(session.state().at).toBe('other-tab');
    waiting[0]?.resolve(peer);
    await yielded;
    expect(log.slice(-2)).toEqual(['stop', 'yielded']);
    expect(session.state().at).toBe('other-tab');
  });

  it('opens again after the other tab is gone, and never two at once', async () => {
    const { session, tab, waiting, peer, settle, open } = setUp(true);
    await open();
    tab.set(false);
    const yielded = tab.yieldTo();
    tab.set(true);
    tab.set(true);
    await yielded;
    await settle();
    waiting[1]?.resolve(peer);
    await settle();
    expect([session.state().at, waiting.length]).toEqual(['open', 2]);
  });

  it('opens the peer anew, once, when another tab has opened what it keeps', async () => {
    const { session, waiting, peer, settle, open, log, tell } = setUp(true);
    await open();
    tell('closed');
    expect(waiting).toHaveLength(1);
    tell('taken');
    tell('taken');
    await settle();
    tell();
    expect(session.state().at).toBe('opening');
    waiting[1]?.resolve(peer);
    await settle();
    expect([session.state().at, waiting.length, log.filter((step) => step === 'stop').length]).toEqual(['open', 2, 1]);
  });

  it('leaves it alone in a tab that is not the active one any more', async () => {
    const { session, tab, waiting, settle, open, tell } = setUp(true);
    await open();
    tab.set(false);
    tell('taken');
    await tab.yieldTo();
    await settle();
    expect([session.state().at, waiting.length]).toEqual(['other-tab', 1]);
  });

  it('says why when nothing can be kept, and tries again', async () => {
    const { session, waiting, peer, settle } = setUp(true);
    void session.start();
    await settle();
    waiting[0]?.reject(Object.assign(new Error('no database'), { trouble: 'refused' }));
    await settle();
    expect(session.state()).toEqual({ at: 'failed', failure: { trouble: 'refused', words: 'no database' } });
    void session.start();
    await settle();
    waiting[1]?.reject(new Error('The list of relays is damaged.'));
    await settle();
    expect(session.state()).toEqual({ at: 'failed', failure: { words: 'The list of relays is damaged.' } });
    void session.start();
    await settle();
    waiting[2]?.resolve(peer);
    await settle();
    expect(session.state().at).toBe('open');
  });
});
