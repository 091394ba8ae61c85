/** The network as a screen sees it. */
import type { Counters } from '../base/index.ts';
import type { Circuit } from '../onion/index.ts';
import type { PeerNetwork } from './network.ts';
import type { CircuitView, ConnectionView, HopView, NetworkView } from './view.ts';

const PLACES: readonly HopView['place'][] = ['guard', 'middle', 'mailbox'];

/** So many attempts in a row have failed before the screen speaks of it: a circuit that is only being replaced is no news. */
const FAILURES = 2;

/** How the mailboxes answer that rooms use: `some` where a room has one that does not, `none` where it has no other. */
function mailboxes(network: PeerNetwork): 'all' | 'some' | 'none' {
  const rooms = Map.groupBy(network.services(), ({ isolation }) => isolation);
  const silent = [...rooms.values()].map((services) => {
    const failing = services.filter(({ circuit, failures }) => circuit === undefined && failures >= FAILURES).length;
    return failing === 0 ? 'all' : failing < services.length ? 'some' : 'none';
  });
  return silent.includes('none') ? 'none' : silent.includes('some') ? 'some' : 'all';
}

function words(network: PeerNetwork): string {
  const answering = mailboxes(network);
  switch (network.state) {
    case 'private': {
      const trouble = { all: '', some: ' · one mailbox does not answer', none: ' · a room’s mailboxes do not answer' }[answering];
      return `Private · ${network.hops} hops${trouble}`;
    }
    case 'connecting':
      return answering === 'none' ? 'The mailboxes do not answer · messages are queued' : 'Connecting';
    case 'looking':
      if (network.clockWrong) return 'This machine’s clock seems wrong';
      return network.silent ? 'No relay answers · messages are queued' : 'Looking for a relay';
    case 'offline':
      return 'Offline · messages are queued';
  }
}

/** Nothing leaves this device though it is online. */
const isQueued = (network: PeerNetwork): boolean =>
  (network.state === 'looking' && network.silent) || (network.state === 'connecting' && mailboxes(network) === 'none');

function circuitView(network: PeerNetwork, circuit: Circuit, index: number, serves: string): CircuitView {
  const hops = circuit.path.map((id, i): HopView => ({
    id,
    name: id.slice(0, 8),
    address: network.addressOf(id),
    place: PLACES[i] ?? 'middle',
  }));
  return {
    id: `${circuit.openedAt}/${index}`,
    hops,
    ...(circuit.roundTrip !== undefined && { roundTrip: Math.round(circuit.roundTrip) }),
    openedAt: circuit.openedAt,
    serves,
  };
}

export const networkView = {
  connection: (network: PeerNetwork): ConnectionView => ({
    state: network.state,
    hops: network.hops,
    words: words(network),
    queued: isQueued(network),
  }),
  /** `serves` names the room of an isolation. */
  whole: (network: PeerNetwork, counters: Counters, serves: (isolation: string) => string): NetworkView => ({
    mode: 'balanced',
    circuits: network.serving().map(({ circuit, isolation }, i) => circuitView(network, circuit, i, serves(isolation))),
    relays: network.relays(),
    disagreement: network.disagreement,
    conduct: network.conduct.all().map(({ relay, what }) => ({ id: relay, name: relay.slice(0, 8), what })),
    refused: counters.all(),
  }),
};
