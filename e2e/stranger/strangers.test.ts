/**
 * A stranger at a relay's port (docs/threat-model.md, "Strangers"): whatever it sends, the relay lives and stays small, and people who
 * talk over it hardly notice. One relay of three is attacked, and every path leads through it.
 *
 *   quiet ── attack ── quiet ── attack ── …        the same pair talks all the while; p95 of all attacks < 2 × p95 of all quiet times
 *
 * Where the two are too near to each other to tell, because the machine does other things, both get more rounds, up to a bound.
 */
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGo } from '../../scripts/go.ts';
import { Pair, quantile } from './honest.ts';
import { memoryOf, processorOf, Relays } from './relays.ts';

/** MiB; docs/threat-model.md and src/relay/README.md say so too. */
const MEMORY_BOUND = 768;
const ROUND_MS = 2_500;
const [LEAST_ROUNDS, MOST_ROUNDS] = [2, 8];
const VICTIM = 0;

const attacks = [
  'unmasked',
  'half-headers',
  'big-frames',
  'part-frames',
  'connections',
  'silence',
  'random-cells',
  'half-cells',
  'creates',
  'identities',
  'posts',
];

interface GoTold {
  readonly echoed: number;
  readonly limitBytes: number;
  readonly reservedSeconds: number;
  readonly refusedWhenGone: boolean;
}

let relays: Relays;
let pair: Pair;
let go: string;
let pid: number;

beforeAll(async () => {
  go = await buildGo('e2e/interop/go', 'interop');
  relays = await Relays.start();
  pid = relays.running(VICTIM).pid;
  pair = await Pair.meet(relays.anchors);
}, 1_200_000);

afterAll(async () => {
  await pair?.stop();
  await relays?.stop();
});

interface Attacker {
  /** What it last told of itself. */
  readonly told: Record<string, number>;
  stop(): Promise<void>;
}

/** Resolves when the attack stands. */
async function attack(kind: string): Promise<Attacker> {
  const child: ChildProcess = fork(new URL('attacker.ts', import.meta.url), [kind, relays.address(VICTIM)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const told: Record<string, number> = {};
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.on('message', (what: Record<string, number>) => {
      Object.assign(told, what);
      if (told['standing'] === 1) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the attacker ended with ${code}`)));
  });
  return { told, stop: () => (child.kill('SIGKILL'), ended) };
}

/** Two peers of go-libp2p meet through the relay, and everything is as it should be. */
async function goMeets(): Promise<void> {
  const { stdout } = await promisify(execFile)(go, [relays.address(VICTIM)]);
  const told = JSON.parse(stdout) as GoTold;
  console.log(`go-libp2p: ${stdout.trim()}`);
  expect(told).toMatchObject({ echoed: 1024, limitBytes: 128 * 1024, refusedWhenGone: true });
  expect(told.reservedSeconds).toBeGreaterThan(1_500);
}

/** The relay is the same process as ever, small, and nothing in it went uncaught that is not of the network. */
function expectAlive(): void {
  const { most } = memoryOf(pid);
  expect(relays.running(VICTIM).pid).toBe(pid);
  expect(most).toBeLessThan(MEMORY_BOUND);
}

describe('a stranger at the port of a relay', () => {
  it('lets go-libp2p connect, reserve and relay before anything has happened', goMeets, 300_000);

  it.each(attacks)(
    '%s',
    async (kind) => {
      const quiet: number[] = [];
      const under: number[] = [];
      let told: Record<string, number> = {};
      let [busy, time] = [0, 0];
      const ratio = (): number => quantile(under, 0.95) / quantile(quiet, 0.95);
      for (let round = 0; round < LEAST_ROUNDS || (ratio() >= 2 && round < MOST_ROUNDS); round++) {
        quiet.push(...(await pair.talk(ROUND_MS)));
        const attacker = await attack(kind);
        const before = { busy: processorOf(pid), time: performance.now() };
        under.push(...(await pair.talk(ROUND_MS)));
        busy += processorOf(pid) - before.busy;
        time += performance.now() - before.time;
        await attacker.stop();
        told = attacker.told;
      }
      const { now, most } = memoryOf(pid);
      const ms = (values: readonly number[]): string => `${quantile(values, 0.5).toFixed(0)} / ${quantile(values, 0.95).toFixed(0)} ms`;
      console.log(
        `${kind}: p50 / p95 quiet ${ms(quiet)}, attacked ${ms(under)} (× ${ratio().toFixed(2)} of ${under.length}); ` +
          `relay ${now.toFixed(0)} MiB, at most ${most.toFixed(0)}, processor ${((100 * busy) / time).toFixed(0)} %; ${JSON.stringify(told)}`,
      );
      expectAlive();
      expect(told['count']).toBeGreaterThan(0);
      expect(ratio()).toBeLessThan(2);
    },
    300_000,
  );

  it.each(['identities', 'creates', 'connections'])(
    'lets go-libp2p connect, reserve and relay during %s',
    async (kind) => {
      const attacker = await attack(kind);
      await pair.talk(2_000);
      await goMeets();
      await attacker.stop();
      await goMeets();
      expectAlive();
    },
    300_000,
  );
});
