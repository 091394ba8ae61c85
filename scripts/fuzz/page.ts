/** The targets of the page as `npm run fuzz -- parsers` plays them. New inputs go to .cache/fuzz, and what fails to scripts/fuzz/corpus. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { inRoot } from '../program.ts';
import { keepSmallest, nameOf, readInputs, type Effort, type Outcome, type Target } from './campaign.ts';
import type { Found, Work } from './page-worker.ts';

/** An input that takes longer is a finding. s */
const SLOWEST = 30;
const ROOM = 65_536;

export const corpusOf = (name: string): string => inRoot(`scripts/fuzz/corpus/${name}`);
const foundOf = (name: string): string => inRoot(`.cache/fuzz/page/${name}`);
const leastOf = (name: string): string => inRoot(`.cache/fuzz/least/${name}`);

function write(folder: string, inputs: readonly Uint8Array[], prefix = ''): void {
  mkdirSync(folder, { recursive: true });
  for (const input of inputs) writeFileSync(join(folder, `${prefix}${nameOf(input)}`), input);
}

/** What a thread found; or the input that it hangs on, or died of. */
async function inThread(work: Work): Promise<Found | { readonly stuck: Uint8Array; readonly why: string }> {
  const { promise, resolve } = Promise.withResolvers<Found | { readonly stuck: Uint8Array; readonly why: string }>();
  const progress = new Uint32Array(work.shared, 0, 2);
  const worker = new Worker(new URL('page-worker.ts', import.meta.url), {
    workerData: work,
    resourceLimits: { maxOldGenerationSizeMb: 1024 },
  });
  const stuck = (why: string): void => resolve({ stuck: new Uint8Array(work.shared, 8, Math.min(progress[1] ?? 0, ROOM)).slice(), why });
  let [last, idle] = [0, 0];
  const watch = setInterval(() => {
    // Nothing is read while the thread starts.
    idle = progress[0] !== 0 && progress[0] === last ? idle + 1 : 0;
    last = progress[0] ?? 0;
    if (idle >= SLOWEST) stuck(`takes longer than ${SLOWEST} s`);
  }, 1000);
  worker.on('message', (found: Found) => resolve(found));
  worker.on('error', (error) => stuck(error.message));
  try {
    return await promise;
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
}

async function play(name: string, { seconds, runs, seed }: Effort): Promise<Outcome> {
  const inputs = [...readInputs(corpusOf(name)), ...readInputs(foundOf(name))].map(({ bytes }) => bytes);
  const shared = new SharedArrayBuffer(8 + ROOM);
  const found = await inThread({ name, seconds, runs, seed, inputs, shared });
  if ('stuck' in found) {
    write(corpusOf(name), [found.stuck], 'found-');
    return { executed: new Uint32Array(shared, 0, 1)[0] ?? 0, covered: 0, faults: [`found-${nameOf(found.stuck)}: ${found.why}`] };
  }
  write(foundOf(name), found.pool);
  rmSync(leastOf(name), { recursive: true, force: true });
  write(leastOf(name), found.least);
  write(
    corpusOf(name),
    found.failing.map(([, input]) => input),
    'found-',
  );
  const faults = found.failing.map(([what, input]) => `found-${nameOf(input)}: ${what}`);
  return { executed: found.executed, covered: found.branches, faults };
}

/** All targets of the page. Their names are those of page/all.ts, which is loaded in their threads alone. */
export const pageNames = [
  'frames-of-relays',
  'frames-of-people',
  'frames-of-rooms',
  'messages',
  'control',
  'assembler',
  'direct',
  'mailbox',
  'hop',
  'client',
  'session',
  'inside',
  'log',
  'texts',
  'kept',
] as const;

export const pageTargetsToPlay = (): readonly Target[] =>
  pageNames.map((name) => ({
    name: `page/${name}`,
    play: (effort) => play(name, effort),
    minimize: () => Promise.resolve(keepSmallest(leastOf(name), corpusOf(name))),
  }));
