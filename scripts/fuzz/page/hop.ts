/**
 * A relay's hop with a neighbour who knows the keys and says anything: control messages, cells that open to anything, cells that open to
 * nothing, on the near link of a circuit and on the far one.
 *
 *   step = op u8 | number u8 | bytes         0 control  1 a cell that is enciphered  2 a cell as it is  3 control, far  4 a cell, far
 */
import { concat, isRefusal, relayId, type Bytes } from '../../../src/base/index.ts';
import { ManualClock, seededRandom } from '../../../src/base/testing.ts';
import { createHop, encipherLayers, inUse, OnionKey, splitMessage, wipeHop } from '../../../src/crypto/index.ts';
import { keyIdOf } from '../../../src/directory/index.ts';
import { ControlType, type CellLink } from '../../../src/link/link.ts';
import { MessageKind } from '../../../src/onion/circuit.ts';
import { Hop } from '../../../src/onion/hop.ts';
import { encodeExtend, encodeParamsOut } from '../../../src/onion/layouts.ts';
import { holds, inPieces, pieces, type PageTarget } from './target.ts';

const CELL = 1024;
const CIRCUIT = 5;
const [self, next] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const seed = new Uint8Array(32).fill(3);
const NEXT_CREATE = new Uint8Array(2410).fill(4);

interface Said {
  readonly link: CellLink;
  readonly cells: Bytes[];
  readonly controls: { readonly type: ControlType; readonly circuit: number; readonly payload: Bytes }[];
}

/** A link that keeps what is said on it. */
export function keeping(initiator: boolean): Said {
  const said: Omit<Said, 'link'> = { cells: [], controls: [] };
  const link: CellLink = {
    initiator,
    remote: 'host:1',
    closed: false,
    queued: 0,
    send: (cell) => said.cells.push(new Uint8Array(cell)),
    sendControl: (type, circuit, payload) => said.controls.push({ type, circuit, payload: new Uint8Array(payload) }),
    close: () => undefined,
  };
  return { ...said, link };
}

/** A promise that tells at once, so that an input is read from its beginning to its end in one go. */
const settled = (link: CellLink): Promise<CellLink> =>
  // oxlint-disable-next-line unicorn/no-thenable
  Object.defineProperty(Promise.resolve(link), 'then', { value: (tell: (link: CellLink) => void) => tell(link) });

function start() {
  const random = seededRandom(1);
  const probe = new OnionKey(self, new Uint8Array(8), seed);
  const keyId = keyIdOf(probe.publicKey);
  const onion = new OnionKey(self, keyId, seed);
  probe.wipe();
  const [near, far] = [keeping(false), keeping(true)];
  const clock = new ManualClock();
  const hop = new Hop({
    self: relayId(self),
    clock,
    random,
    sink: { pass: (_mean, send) => send() },
    onionKey: () => onion,
    networkTime: () => 1_795_219_200,
    descriptor: () => new Uint8Array(7000),
    addressesOf: (relay) => (relay === relayId(next) ? ['/memory/next'] : undefined),
    dial: () => settled(far.link),
    exits: [],
    limits: { circuits: 8, circuitsPerLink: 8, halfBuiltPerLink: 4 },
  });
  hop.opened(near.link);
  hop.opened(far.link);
  const attempt = createHop({ relay: self, keyId, onionKey: onion.publicKey }, encodeParamsOut({ delayClass: 0 }), random);
  if (isRefusal(attempt)) throw new Error('hop: its own key is refused');
  hop.control(near.link, ControlType.CREATE, CIRCUIT, attempt.create);
  const keys = attempt.finish(near.controls[0]?.payload ?? new Uint8Array(0));
  if (isRefusal(keys)) throw new Error('hop: its own answer is refused');
  return { hop, near, far, keys, onion };
}

function play(steps: readonly Bytes[]): string {
  const { hop, near, far, keys, onion } = start();
  let counter = 0;
  try {
    for (const step of steps.slice(0, 40)) {
      const [op = 0, number = 0] = step;
      const rest = step.slice(2);
      const farId = far.controls.findLast(({ type }) => type === ControlType.CREATE)?.circuit ?? 7;
      const cell = new Uint8Array(CELL);
      if (op % 5 === 0 || op % 5 === 3) {
        const type = Object.values(ControlType)[number % 6] ?? ControlType.CREATE;
        const isFar = op % 5 === 3;
        // From 128 on as long as CREATED, which is then one short step.
        const payload = number >= 128 ? concat(rest, new Uint8Array(Math.max(0, 1184 - rest.length))) : rest;
        hop.control((isFar ? far : near).link, type, isFar ? farId : number & 64 ? number : CIRCUIT, payload);
      } else if (op % 5 === 1) {
        const own = number === 255 ? (rest[0] ?? 0) * 64 : counter++;
        cell.set(number === 254 ? rest.subarray(0, CELL - 8) : rest.subarray(0, CELL - 24), number === 254 ? 8 : 24);
        encipherLayers(cell, [keys.forward], [own]);
        hop.cell(near.link, CIRCUIT, own, cell);
      } else {
        cell.set(rest.subarray(0, CELL));
        if (op % 5 === 2) hop.cell(near.link, number & 1 ? CIRCUIT : 9, number >> 1, cell);
        else hop.cell(far.link, farId, number, cell);
      }
      holds(hop.load().circuits <= 8, 'hop: more circuits than its bound');
    }
    const [last] = near.controls.slice(-1);
    return `${last?.type} ${last?.payload[0]} ${Math.min(near.cells.length, 4)} ${Math.min(far.cells.length, 2)} ${Object.keys(hop.counters.all()).join(' ')}`;
  } finally {
    hop.stop();
    wipeHop(keys);
    onion.wipe();
  }
}

/** Bytes of a message from behind its zeros. */
const cellsOf = (kind: MessageKind, message: number, body: Uint8Array): Bytes[] =>
  splitMessage({ kind, flags: 0, message }, 0, body).map((cell) => concat(Uint8Array.of(1, 0), trimmed(cell.slice(24))));

export function trimmed(bytes: Bytes): Bytes {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.slice(0, end);
}

const extend = cellsOf(MessageKind.EXTEND, 0, encodeExtend({ relay: relayId(next), create: NEXT_CREATE }));

export const hopTarget: PageTarget = {
  name: 'hop',
  fixed: 0,
  seeds: [
    inPieces(cellsOf(MessageKind.PING, 0, new Uint8Array(0))),
    inPieces(extend),
    inPieces([...extend, Uint8Array.of(3, 128, 6), Uint8Array.of(1, 254, 7), Uint8Array.of(4, 0, 8), Uint8Array.of(4, 1, 8)]),
    inPieces([Uint8Array.of(0, 4), Uint8Array.of(0, 3, 1), Uint8Array.of(0, 65, 1, 3)]),
  ],
  read(bytes) {
    const before = inUse().layerKeys;
    const word = play(pieces(bytes));
    holds(inUse().layerKeys === before, 'hop: keys are left behind');
    return word;
  },
};
