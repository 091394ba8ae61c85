/** The panel that shows the real circuit: who carries what one writes here, how long a round trip takes, and what was refused. */
import { useEffect, useState } from 'react';
import type { CircuitView, NetworkView, RoomView } from './peer-view.ts';
import { lasting } from './dates.ts';
import { Mode } from './direct.tsx';
import { Eye, EyeOff, TriangleAlert } from './icons.ts';
import { Beads } from './marks.tsx';
import { initial } from './names.ts';
import { useView } from './use-peer.ts';
import { words } from './words.ts';

/** Of the drawing, in its own units. */
const LEFT = 16;
const RIGHT = 280;
const LINE = 46;
const RADIUS = 13;
const GAP = 5;

/** Threads between two nodes: one for each layer that is still sealed there, 5 units apart, cut off at the circles. */
function threads(from: number, to: number, layers: number): string[] {
  return Array.from({ length: layers }, (_, i) => {
    const off = (i - (layers - 1) / 2) * GAP;
    const reach = Math.sqrt(RADIUS ** 2 - off ** 2) + 1;
    return `M${(from + reach).toFixed(1)} ${LINE + off}H${(to - reach).toFixed(1)}`;
  });
}

/** The others' circuits, which nobody here can see: three curves from the mailbox to strangers. */
const strangers = [
  { x: 186, y: 98 },
  { x: 202, y: 118 },
  { x: 186, y: 138 },
] as const;

function Drawing({ circuit, me }: { circuit: CircuitView; me: string }) {
  const { hops } = circuit;
  const at = (i: number): number => LEFT + ((RIGHT - LEFT) * i) / Math.max(1, hops.length);
  const label = words.network.drawn(hops.map((hop) => `${words.network.place[hop.place].toLowerCase()} ${hop.name}`).join(', '));
  const isBox = hops.at(-1)?.place === 'mailbox';
  return (
    <figure className="circuit">
      <svg viewBox="0 0 296 150" role="img" aria-label={label}>
        {hops.flatMap((hop, i) =>
          threads(at(i), at(i + 1), hops.length - i).map((d) => <path key={`${hop.id} ${d}`} className="thread" d={d} />),
        )}
        {strangers.map(({ x, y }) => (
          <g key={y}>
            <path className="thread is-theirs" d={`M${RIGHT} 60C${RIGHT} ${y - 14} 262 ${y} 234 ${y}H${x + 8}`} />
            <circle className="stranger" cx={x} cy={y} r="5" />
          </g>
        ))}
        <g className="node is-you">
          <circle cx={LEFT} cy={LINE} r={RADIUS} />
        </g>
        <text className="node-letter" x={LEFT} y={LINE + 4.5}>
          {initial(me)}
        </text>
        <text className="node-name is-start is-you" x="3" y="20">
          {words.network.you}
        </text>
        {hops.map((hop, i) => (
          <g className="node" key={hop.id}>
            <circle cx={at(i + 1)} cy={LINE} r={RADIUS} />
            <text className={i === hops.length - 1 ? 'node-name is-end' : 'node-name'} x={i === hops.length - 1 ? 293 : at(i + 1)} y="20">
              {words.network.place[hop.place]}
            </text>
          </g>
        ))}
        {isBox && <path className="slot" d={`M${RIGHT - 6} ${LINE}h12`} />}
        <text className="node-aside" x="3" y="115">
          {words.network.others[0]}
        </text>
        <text className="node-aside" x="3" y="131">
          {words.network.others[1]}
        </text>
      </svg>
      <figcaption>{words.network.caption}</figcaption>
    </figure>
  );
}

/** The time, once a second, so that what lasts grows while one looks. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function Figures({ circuit }: { circuit: CircuitView }) {
  const open = lasting(circuit.openedAt, useNow());
  return (
    <section className="block">
      <dl className="figures">
        <div>
          <dt>{words.network.roundTrip}</dt>
          <dd>
            {circuit.roundTrip === undefined ? (
              <small>{words.network.measuring}</small>
            ) : (
              <>
                {Math.round(circuit.roundTrip)}
                <small> {words.network.ms}</small>
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>{words.network.hops}</dt>
          <dd>{circuit.hops.length}</dd>
        </div>
        <div>
          <dt>{words.network.open}</dt>
          <dd>
            {open.figure}
            <small> {open.unit}</small>
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Sees({ circuit }: { circuit: CircuitView }) {
  return (
    <section className="block">
      <h2>{words.network.sees}</h2>
      <ul className="sees" role="list" aria-label={words.network.sees}>
        {circuit.hops.map((hop) => (
          <li key={hop.id}>
            <b>{words.network.place[hop.place]}</b>
            <code>{hop.name}</code>
            <code className="sees-address">{hop.address}</code>
            <span>
              <Eye className="icon is-small" aria-hidden="true" />
              {words.network.can[hop.place]}
            </span>
            <span>
              <EyeOff className="icon is-small" aria-hidden="true" />
              {words.network.cannot[hop.place]}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Circuits({ circuits }: { circuits: readonly CircuitView[] }) {
  return (
    <section className="block">
      <h2>
        {words.network.all} <span>{circuits.length}</span>
      </h2>
      <ul className="circuits" role="list" aria-label={words.network.all}>
        {circuits.map((circuit) => (
          <li key={circuit.id}>
            <Beads hops={circuit.hops.length} />
            <span>
              <bdi>{words.network.serves(circuit.serves)}</bdi>
              <small>
                {circuit.hops.map((hop) => hop.name).join(' → ')}
                {circuit.roundTrip !== undefined && ` · ${Math.round(circuit.roundTrip)} ${words.network.ms}`}
              </small>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Directory({ network }: { network: NetworkView }) {
  const { relays } = network;
  return (
    <section className="block">
      <h2>{words.network.directory}</h2>
      {network.disagreement && (
        <div className="gate is-flat" role="alert">
          <TriangleAlert className="icon" aria-hidden="true" />
          <p>
            <b>{words.network.disagree}</b> {words.network.disagreeWhat}
          </p>
        </div>
      )}
      <dl className="facts">
        <div>
          <dt>{words.network.known}</dt>
          <dd>{relays.length}</dd>
        </div>
        <div>
          <dt>{words.network.anchors}</dt>
          <dd>{relays.filter((relay) => relay.anchor).length}</dd>
        </div>
        <div>
          <dt>{words.network.guards}</dt>
          <dd>{relays.filter((relay) => relay.guard).length}</dd>
        </div>
      </dl>
    </section>
  );
}

function Conduct({ conduct }: { conduct: NetworkView['conduct'] }) {
  if (conduct.length === 0) return undefined;
  return (
    <section className="block">
      <h2>
        {words.network.conduct} <span>{conduct.length}</span>
      </h2>
      <ul className="sees" role="list" aria-label={words.network.conduct}>
        {conduct.map(({ id, name, what }) => (
          <li key={`${id} ${what}`}>
            <code>{name}</code>
            <span>
              <TriangleAlert className="icon is-small" aria-hidden="true" />
              {words.network.conductWhat[what]}
            </span>
          </li>
        ))}
      </ul>
      <p className="note">{words.network.conductNote}</p>
    </section>
  );
}

function Refused({ refused }: { refused: NetworkView['refused'] }) {
  const counted = Object.entries(refused).filter(([, count]) => count > 0);
  return (
    <section className="block is-last">
      <h2>
        {words.network.refused} <span>{counted.reduce((sum, [, count]) => sum + count, 0)}</span>
      </h2>
      {counted.length > 0 && (
        <dl className="facts">
          {counted.map(([word, count]) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd>{count}</dd>
            </div>
          ))}
        </dl>
      )}
      <p className="note">{counted.length > 0 ? words.network.refusedWhat : words.network.refusedNone}</p>
      <p className="note">{words.network.limits}</p>
    </section>
  );
}

export function Network({ room }: { room: RoomView }) {
  const { network } = useView();
  const me = room.members.find((member) => member.me)?.name ?? '';
  const circuit = network.circuits.find(({ serves }) => serves !== '' && serves === room.name) ?? network.circuits[0];
  return (
    <>
      {circuit === undefined ? (
        <section className="block">
          <p>{words.network.none}</p>
          <p className="note">{words.network.noneWhat}</p>
        </section>
      ) : (
        <>
          <section className="block">
            <Drawing circuit={circuit} me={me} />
          </section>
          <Figures circuit={circuit} />
          <Sees circuit={circuit} />
        </>
      )}
      <Mode room={room} />
      {network.circuits.length > 0 && <Circuits circuits={network.circuits} />}
      <Directory network={network} />
      <Conduct conduct={network.conduct} />
      <Refused refused={network.refused} />
    </>
  );
}
