/** Circuits over real relays: five processes on this machine, each an anchor and a family of its own, as `npm start` runs them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counters, isRefusal, pick, systemClock, systemRandom, type RelayId } from '../src/base/index.ts';
import { choosePath, Directory, DirectoryClient, parseAnchors, type Anchor, type Descriptor } from '../src/directory/index.ts';
import { libp2pLink } from '../src/link/index.ts';
import { CircuitClient, MessageKind } from '../src/onion/index.ts';
import { LocalNetwork } from '../scripts/local-network.ts';
import { rowOf, type Row } from '../src/crypto/race.ts';

const RELAYS = 5;
const WARM = 5;
const ROUNDS = 41;
const PATIENCE = 30_000;

/** Runs `work` while the relays stand; `anchors` is the text of their anchors.json. Their state goes with them. */
export async function* withRelays(work: (anchors: string) => AsyncIterable<Row>): AsyncGenerator<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-'));
  const network = new LocalNetwork({ stateDir: folder, relays: RELAYS, respawn: false, log: (line) => console.error(line) });
  const end = async (): Promise<void> => {
    await network.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupted = (): void => void end().finally(() => process.exit(1));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, interrupted);
  try {
    await network.start();
    yield* work(network.anchors);
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
    await end();
  }
}

export function readAnchors(text: string): readonly Anchor[] {
  const anchors = parseAnchors(text);
  if (isRefusal(anchors)) throw new Error(`anchors: ${anchors.refused}`);
  return anchors;
}

const fail = (why: string): never => {
  throw new Error(why);
};

/** Relays that have just started learn of each other by gossip, and the guard tells what it has learned. */
async function learnAll(directory: Directory, learn: DirectoryClient, guard: RelayId, all: number): Promise<void> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const described = await learn.firstContact(guard);
    if (isRefusal(described)) fail(`first contact: ${described.refused}`);
    if (directory.list().length === all) return;
    if (performance.now() > end) fail(`after ${PATIENCE / 1000} s the guard knew ${directory.list().length} of ${all} relays`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A client that knows every relay, with an open link to its guard. */
async function client(anchors: readonly Anchor[]) {
  const circuits = new CircuitClient({ clock: systemClock, random: systemRandom });
  const known = new Set(anchors.flatMap(({ addresses }) => addresses));
  const node = await libp2pLink({ handler: circuits, clock: systemClock, trusted: (address) => known.has(address) });
  const trusted: ReadonlySet<RelayId> = new Set(anchors.map(({ id }) => id));
  const directory = new Directory({ now: () => Math.floor(Date.now() / 1000), trusted, counters: new Counters() });
  const guard = anchors[0] ?? fail('no anchors');
  const link = await node.dial(guard.addresses);
  const build = (path: readonly Descriptor[]) => circuits.build(path, link);
  const learn = new DirectoryClient(directory, {
    describe: () => circuits.describe(link),
    open: async (path) => {
      const circuit = await build(path);
      const ask = async (body: Uint8Array<ArrayBuffer>) => (await circuit.request(MessageKind.DIRECTORY_REQUEST, body)).body;
      return { ask, close: () => circuit.close() };
    },
  });
  await learnAll(directory, learn, guard.id, anchors.length);
  const path = (): readonly Descriptor[] => {
    const last = pick(
      systemRandom,
      anchors.filter(({ id }) => id !== guard.id),
    );
    const question = { descriptors: directory.list(), guard: guard.id, last: last?.id ?? fail('one relay alone'), mailbox: true };
    const chosen = choosePath({ ...question, trusted, reluctance: () => 0, random: systemRandom });
    return isRefusal(chosen) ? fail(chosen.detail ?? chosen.refused) : chosen;
  };
  return { build, path, stop: () => node.stop() };
}

/** From the choice of three relays to a circuit that stands, over a link to the guard that is open already. */
export async function circuitRow(anchors: readonly Anchor[]): Promise<Row> {
  const { build, path, stop } = await client(anchors);
  const rounds: { ours: number }[] = [];
  for (let round = -WARM; round < ROUNDS; round++) {
    const start = performance.now();
    const circuit = await build(path());
    if (round >= 0) rounds.push({ ours: performance.now() - start });
    circuit.close();
  }
  await stop();
  return rowOf('circuit-build-3', 'ms', rounds);
}
