/** The real screen over a scripted peer. The test reaches the script as `window.script`. */
import { Arrivals } from '../../src/ui/arrivals.ts';
import { createRoot } from 'react-dom/client';
import { App } from '../../src/ui/app.tsx';
import { Session, type Tab } from '../../src/ui/session.ts';
import '../../src/ui/style/index.css';
import { idOf, ScriptedPeer } from './scripted-peer.ts';

const arrivals = new Arrivals(window);

class ScriptedTab implements Tab {
  active = true;
  yieldTo: () => Promise<void> = async () => undefined;
  readonly #listeners = new Set<(active: boolean) => void>();

  onChange(listener: (active: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async takeOver(): Promise<void> {
    this.set(true);
  }

  /** Another tab takes over, or is gone. */
  set(active: boolean): void {
    this.active = active;
    for (const listener of [...this.#listeners]) listener(active);
    if (!active) void this.yieldTo();
  }
}

const peer = new ScriptedPeer();
const tab = new ScriptedTab();
const script = {
  peer,
  tab,
  idOf,
  /** Set before the session starts: why the browser keeps nothing. */
  refuses: undefined as string | undefined,
  start: (): void => void session.start(),
};
export type Script = typeof script;

const session = new Session(
  async (yieldTo) => {
    tab.yieldTo = yieldTo;
    return tab;
  },
  async () => {
    if (script.refuses !== undefined) throw new DOMException(script.refuses, 'SecurityError');
    return peer;
  },
);

declare global {
  interface Window {
    script: Script;
  }
}
window.script = script;
const root = document.querySelector('#root');
if (root !== null) createRoot(root).render(<App session={session} arrivals={arrivals} />);
