/**
 * A client's circuit whose relay says anything, under the right keys and without.
 *
 *   step = op u8 | number u8 | bytes      0 a cell that opens to the bytes  1 a cell as it is  2 the client asks something  3 it sends cover  4 DESTROY
 */
import { Counters, isRefusal, relayId, type Bytes } from '../../../src/base/index.ts';
import { ManualClock } from '../../../src/base/testing.ts';
import { encipherLayers, inUse, LayerKey, splitMessage } from '../../../src/crypto/index.ts';
import { MessageKind } from '../../../src/onion/circuit.ts';
import { ClientCircuit } from '../../../src/onion/client-circuit.ts';
import { decodeDestroy } from '../../../src/onion/layouts.ts';
import { keeping, trimmed } from './hop.ts';
import { holds, inPieces, pieces, type PageTarget } from './target.ts';

const CELL = 1024;
const KINDS = Object.values(MessageKind);

function play(steps: readonly Bytes[]): string {
  const counters = new Counters();
  const { link, cells, controls } = keeping(true);
  let ended = 0;
  const circuit = new ClientCircuit({
    link,
    id: 5,
    path: [relayId(new Uint8Array(32).fill(1))],
    delayMean: 0,
    clock: new ManualClock(),
    counters,
    ended: () => ended++,
  });
  const backward = new Uint8Array(32).fill(2);
  const sealing = LayerKey.of(backward);
  const keys = { forward: LayerKey.of(new Uint8Array(32).fill(1)), backward: LayerKey.of(backward) };
  circuit.addHop({ ...keys, bind: new Uint8Array(32), params: new Uint8Array(16) }, 512);
  let [counter, heard] = [0, 0];
  circuit.onMessage = () => heard++;
  for (const step of steps.slice(0, 60)) {
    const [op = 0, number = 0] = step;
    const cell = new Uint8Array(CELL);
    if (op % 5 === 0) {
      const own = number === 255 ? (step[2] ?? 0) * 64 : counter++;
      cell.set(step.subarray(2, CELL - 22), 24);
      encipherLayers(cell, [sealing], [own]);
      circuit.receive(own, cell);
    } else if (op % 5 === 1) {
      cell.set(step.subarray(2, CELL + 2));
      circuit.receive(number, cell);
    } else if (op % 5 === 2)
      circuit.request(KINDS[number % KINDS.length] ?? MessageKind.PING, step.slice(2)).then(
        () => heard++,
        () => undefined,
      );
    else if (op % 5 === 3) circuit.drop();
    else {
      const reason = decodeDestroy(step.slice(2));
      if (!isRefusal(reason)) circuit.destroyed(reason);
    }
  }
  const wasClosed = circuit.closed;
  circuit.close();
  sealing.wipe();
  holds(circuit.closed && ended === 1, 'client: a circuit ends once');
  holds(controls.length <= 1, 'client: DESTROY is said once');
  return `${wasClosed} ${Math.min(heard, 4)} ${Math.min(cells.length, 4)} ${Object.keys(counters.all()).join(' ')}`;
}

const said = (kind: MessageKind, flags: number, message: number, body: Uint8Array): Bytes[] =>
  splitMessage({ kind, flags, message }, 0, body).map((cell) => Uint8Array.of(0, 0, ...trimmed(cell.slice(24))));
const PING = Uint8Array.of(2, KINDS.indexOf(MessageKind.PING));

export const clientTarget: PageTarget = {
  name: 'client',
  fixed: 0,
  seeds: [
    inPieces([PING, ...said(MessageKind.PONG, 1, 0, new Uint8Array(0)), PING, Uint8Array.of(3, 0)]),
    inPieces([
      ...said(MessageKind.BLOB, 0, 0, new Uint8Array(2000).fill(6)),
      ...said(MessageKind.CAUGHT_UP, 0, 1, new Uint8Array(44).fill(1)),
    ]),
    inPieces([Uint8Array.of(4, 0, 2), Uint8Array.of(1, 0, 1)]),
  ],
  read(bytes) {
    const before = inUse().layerKeys;
    const word = play(pieces(bytes));
    holds(inUse().layerKeys === before, 'client: keys are left behind');
    return word;
  },
};
