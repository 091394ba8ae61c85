/**
 * A message from peer to peer, three hops to its mailboxes and three hops from them, in turn with a bare echo through one relay.
 *
 *   message-3+3             no delay at the relays, against a libp2p echo of 1 KiB (there and back) through circuit-relay-v2
 *   message-3+3-balanced    delays of 20 ms on average, against such delays alone, drawn again for as many cells on as many ways
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exponential, systemRandom } from '../src/base/index.ts';
import { quantile, rowOf, type Row } from '../src/crypto/race.ts';
import { startRounds, type RoundProcess, type Told } from './rounds.ts';

const ROUNDS = 81;
const DRAWS = 1001;
/** Relays that delay a cell: guard and middle on its way to a mailbox; mailbox, middle and guard on its way from there. */
const [THERE, BACK] = [2, 3];
const BALANCED_MEAN = 20;

async function echoRelay(): Promise<{ readonly address: string; stop(): void }> {
  const child = fork(fileURLToPath(new URL('echo-relay.ts', import.meta.url)), { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const address = await new Promise<string>((resolve, reject) => {
    child.once('message', ({ address }: { readonly address: string }) => resolve(address));
    child.once('exit', (code) => reject(new Error(`the echo's relay ended with ${code}`)));
  });
  return { address, stop: () => void child.kill() };
}

/** What the relays' delays alone would take, the middle one of many draws: a message is whole when its last cell is there, and the quicker mailbox counts. */
function delaysAlone({ cells = 1, mailboxes = 1 }: Told): number {
  const sum = (hops: number): number =>
    Array.from({ length: hops }, () => exponential(systemRandom, BALANCED_MEAN)).reduce((a, b) => a + b);
  const leg = (hops: number): number => Math.max(...Array.from({ length: cells }, () => sum(hops)));
  const draw = (): number => Math.min(...Array.from({ length: mailboxes }, () => leg(THERE) + leg(BACK)));
  return quantile(Array.from({ length: DRAWS }, draw), 0.5);
}

export async function* messageRows(anchors: string): AsyncGenerator<Row> {
  const open: { stop(): void }[] = [];
  const kept = async <T extends { stop(): void }>(opening: Promise<T>): Promise<T> => {
    const opened = await opening;
    open.push(opened);
    return opened;
  };
  try {
    const relay = await kept(echoRelay());
    const echo = await kept(startRounds('echo.ts', [], relay.address));
    const direct = await kept(startRounds('pair.ts', ['0'], anchors));
    const balanced = await kept(startRounds('pair.ts', ['1'], anchors));
    yield* inTurn(echo, direct, balanced);
  } finally {
    for (const one of open) one.stop();
  }
}

async function* inTurn(echo: RoundProcess, direct: RoundProcess, balanced: RoundProcess): AsyncGenerator<Row> {
  const undelayed: Record<string, number>[] = [];
  const delayed: Record<string, number>[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const bare = await echo.round();
    const message = await direct.round();
    undelayed.push({ ours: message.ms, 'bare-relayed-echo': bare.ms });
    const mixed = await balanced.round();
    delayed.push({ ours: mixed.ms, 'delays-alone': delaysAlone(mixed) });
  }
  yield rowOf('message-3+3', 'ms', undelayed);
  yield rowOf('message-3+3-balanced', 'ms', delayed);
}
