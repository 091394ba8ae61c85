/** The network as a screen sees it. */
import type { Counters } from '../base/index.ts';
import type { Circuit } from '../onion/index.ts';
import type { PeerNetwork } from './network.ts';
import type { CircuitView, ConnectionView, HopView, NetworkView } from './view.ts';

const PLACES: readonly HopView['place'][] = ['guard', 'middle', 'mailbox'];

function words(network: PeerNetwork): string {
  switch (network.state) {
    case 'private':
      return `Private · ${network.hops} hops`;
    case 'connecting':
      return 'Connecting';
    case 'looking':
      return network.clockWrong ? 'This machine’s clock seems wrong' : 'Looking for a relay';
    case 'offline':
      return 'Offline';
  }
}

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
  connection: (network: PeerNetwork): ConnectionView => ({ state: network.state, hops: network.hops, words: words(network) }),
  /** `serves` names the room of an isolation. */
  whole: (network: PeerNetwork, counters: Counters, serves: (isolation: string) => string): NetworkView => ({
    mode: 'balanced',
    circuits: network.serving().map(({ circuit, isolation }, i) => circuitView(network, circuit, i, serves(isolation))),
    relays: network.relays(),
    disagreement: network.disagreement,
    refused: counters.all(),
  }),
};
