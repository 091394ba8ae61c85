/** Strangers who speak libp2p and open the stream of cells, as a tab does, and then send what they like. */
import { randomBytes } from 'node:crypto';
import { noise } from '@libp2p/noise';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { multiaddr as parse } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { concat, idBytes, isRefusal, systemRandom, type Bytes } from '../../src/base/index.ts';
import { initCryptoNode } from '../../src/crypto/node.ts';
import { createHop } from '../../src/crypto/index.ts';
import { keyIdOf, verifyDescriptor, type Descriptor } from '../../src/directory/index.ts';
import { CELL_BYTES, CELL_PROTOCOL, ControlReader, ControlType, encodeControl } from '../../src/link/index.ts';
import type { Attack, Tell } from './attacker.ts';

const CELLS_A_WRITE = 32;
const LINKS = 4;
/** ms; 8 MB a second over each link, many times what the relay takes. */
const BETWEEN_WRITES = 4;

export function node(): Promise<Libp2p> {
  return createLibp2p({
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false },
    connectionManager: { reconnectRetries: 0 },
  });
}

/** One link to the relay, by an identity of its own. */
async function link(multiaddr: string): Promise<{ connection: Connection; stream: Stream }> {
  const connection = await (await node()).dial(parse(multiaddr));
  const stream = await connection.newStream(CELL_PROTOCOL, { negotiateFully: true });
  stream.addEventListener('message', () => undefined);
  return { connection, stream };
}

/** Writes what `next` gives for as long as the link stands; a link that was closed is opened again. */
async function flood(multiaddr: string, next: () => Uint8Array, tell: Tell): Promise<void> {
  let count = 0;
  const run = async (): Promise<void> => {
    for (;;) {
      try {
        const { connection, stream } = await link(multiaddr);
        while (connection.status === 'open' && stream.status === 'open') {
          count += 1;
          if (!stream.send(next())) await stream.onDrain({ signal: AbortSignal.timeout(60_000) });
          await new Promise((resolve) => setTimeout(resolve, BETWEEN_WRITES));
          if (count % 64 === 0) tell({ count });
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  };
  for (let i = 0; i < LINKS; i++) void run();
  await new Promise((resolve) => setTimeout(resolve, 500));
}

/** Cells of circuits that there are not. */
export const randomCells: Attack = (multiaddr, tell) => {
  const many = Array.from({ length: 8 }, () => randomBytes(CELLS_A_WRITE * CELL_BYTES));
  let turn = 0;
  return flood(multiaddr, () => many[turn++ % many.length] ?? new Uint8Array(0), tell);
};

/** Half a cell on each of fifty links, and then nothing. */
export const halfCells: Attack = async (multiaddr, tell) => {
  for (let count = 1; count <= 50; count++) {
    const { stream } = await link(multiaddr);
    stream.send(randomBytes(CELL_BYTES / 2));
    tell({ count });
  }
};

/** The relay's descriptor, which it gives to anybody. */
async function describe(multiaddr: string): Promise<Descriptor> {
  const { connection, stream } = await link(multiaddr);
  const reader = new ControlReader();
  let rest: Bytes = new Uint8Array(0);
  const payload = await new Promise<Bytes>((resolve) => {
    stream.addEventListener('message', ({ data }) => {
      rest = concat(rest, data.subarray());
      for (; rest.length >= CELL_BYTES; rest = rest.slice(CELL_BYTES)) {
        const control = reader.read(rest.slice(0, CELL_BYTES));
        if (control !== undefined && !isRefusal(control) && control.type === ControlType.DESCRIPTOR) resolve(control.payload);
      }
    });
    for (const cell of encodeControl(ControlType.DESCRIBE, 0, new Uint8Array(0))) stream.send(cell);
  });
  await connection.close();
  const described = verifyDescriptor(payload, Math.floor(Date.now() / 1000));
  if (isRefusal(described)) throw new Error(`the relay's descriptor is refused: ${described.refused}`);
  return described;
}

/**
 * CREATE without end, for today's onion key. Of four, one stands and is destroyed at once, so that no bound on half-built circuits is
 * met; one has a box that does not open, which costs the relay as much; two repeat the first under other ids.
 */
export const creates: Attack = async (multiaddr, tell) => {
  await initCryptoNode();
  const { id, onionKey } = await describe(multiaddr);
  const attempt = createHop({ relay: idBytes(id), keyId: keyIdOf(onionKey), onionKey }, new Uint8Array(16), systemRandom);
  if (isRefusal(attempt)) throw new Error(`CREATE: ${attempt.refused}`);
  const { create } = attempt;
  const broken = create.slice();
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  let circuit = 1;
  const cells = (): Uint8Array => {
    const at = (): number => circuit++ & 0x7fff_ffff;
    const made = [create, broken, create, create].flatMap((bytes) => {
      const own = at();
      return [...encodeControl(ControlType.CREATE, own, bytes), ...encodeControl(ControlType.DESTROY, own, Uint8Array.of(1))];
    });
    return Buffer.concat(made);
  };
  const many = Array.from({ length: 64 }, cells);
  let turn = 0;
  await flood(multiaddr, () => many[turn++ % many.length] ?? create, tell);
};
