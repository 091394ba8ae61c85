/** Beside the log: who is in the room, and how its words travel. */
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { RoomView } from './peer-view.ts';
import { ChevronLeft } from './icons.ts';
import { Network } from './network.tsx';
import { People } from './people.tsx';
import { words } from './words.ts';

const tabs = ['people', 'network'] as const;
type Tab = (typeof tabs)[number];

/** Arrow keys go round the tabs; only the chosen one is in the order of Tab. */
function Tabs({ tab, onTab }: { tab: Tab; onTab: (tab: Tab) => void }) {
  const list = useRef<HTMLDivElement>(null);
  const go = (to: Tab): void => {
    onTab(to);
    list.current?.querySelector<HTMLElement>(`#tab-${to}`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = tabs[(tabs.indexOf(tab) + (step ?? 0) + tabs.length) % tabs.length];
    if (step === undefined || to === undefined || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <div className="tabs" role="tablist" aria-label={words.panel.label} ref={list} onKeyDown={onKeyDown}>
      {tabs.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          className="tab"
          id={`tab-${each}`}
          aria-selected={each === tab}
          aria-controls="panel-body"
          tabIndex={each === tab ? 0 : -1}
          onClick={() => onTab(each)}
        >
          {words.panel[each]}
        </button>
      ))}
    </div>
  );
}

/** `covers`: it lies over the log, so it takes the focus and Esc closes it. */
export function Panel({ room, covers, onClose }: { room: RoomView; covers: boolean; onClose: () => void }) {
  const [tab, setTab] = useState<Tab>('people');
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!covers) return undefined;
    panel.current?.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
    const onKeyDown = (event: globalThis.KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented && document.querySelector('dialog[open]') === null) onClose();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [covers, onClose]);
  return (
    <section className="panel" aria-label={words.panel.label} ref={panel}>
      <header className="panel-bar">
        <button
          type="button"
          className="icon-button only-narrow"
          aria-label={words.back.messages}
          title={words.back.messages}
          onClick={onClose}
        >
          <ChevronLeft className="icon flips" aria-hidden="true" />
        </button>
        <Tabs tab={tab} onTab={setTab} />
      </header>
      <div className="panel-body" role="tabpanel" id="panel-body" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {tab === 'people' ? <People room={room} /> : <Network room={room} />}
      </div>
    </section>
  );
}
