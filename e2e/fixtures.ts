/**
 * What every end-to-end test starts from: a whole local network of its own with the app's server, and browsers as separate people.
 *
 *   import { expect, test } from './fixtures.ts';
 *   test('…', async ({ sotto, people }) => {
 *     const ana = await people.open('ana');        // a profile of her own, on disk
 *     await ana.page.goto(sotto.url);
 *     await ana.close();  const again = await people.open('ana');
 *   });
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, chromium, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test';
import { chromiumPath } from '../playwright.config.ts';
import { RelayProcess } from '../scripts/relay-process.ts';

const root = resolve(import.meta.dirname, '..');
const readyWithin = 120_000;

/** Chromium asks nothing of any host by itself, so that whatever is asked is asked by the app. */
const quiet = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-reliability',
  '--disable-default-apps',
];

export interface NetworkEntry {
  readonly name: string;
  readonly id: string;
  readonly pid: number;
  readonly multiaddrs: readonly string[];
}

/** A running `npm start`. */
export class Sotto {
  readonly url: string;
  readonly stateDir: string;
  readonly tapDir: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  /** Those that were started again from here. */
  readonly #again = new Map<string, { readonly entry: NetworkEntry; readonly process: RelayProcess }>();

  constructor(url: string, stateDir: string, tapDir: string, child: ChildProcess, ended: Promise<void>) {
    this.url = url;
    this.stateDir = stateDir;
    this.tapDir = tapDir;
    this.#child = child;
    this.#ended = ended;
  }

  /** The relays that are alive now. */
  network(): readonly NetworkEntry[] {
    const file = join(this.stateDir, 'network.json');
    if (!existsSync(file)) return [];
    const { relays } = JSON.parse(readFileSync(file, 'utf8')) as { relays: NetworkEntry[] };
    return [...relays, ...[...this.#again.values()].map(({ entry }) => entry)];
  }

  /** Every request that the page's server got so far: method and URL as received. */
  requests(): readonly string[] {
    return lines(join(this.stateDir, 'page.log'));
  }

  /** What each relay wrote down so far, by its name: one JSON text a line. */
  taps(): ReadonlyMap<string, readonly string[]> {
    const names = existsSync(this.tapDir) ? readdirSync(this.tapDir).filter((name) => name.endsWith('.jsonl')) : [];
    return new Map(names.map((name) => [name.slice(0, -'.jsonl'.length), lines(join(this.tapDir, name))]));
  }

  /** Ends one relay as a crash would. */
  killRelay(name: string): void {
    const relay = this.network().find((entry) => entry.name === name);
    if (relay === undefined) throw new Error(`no relay ${name} is alive`);
    process.kill(relay.pid, 'SIGKILL');
  }

  /** Starts a relay that was killed again: the same identity, ports and state. Resolves when it is ready. */
  async startRelay(name: string): Promise<void> {
    const { relays } = JSON.parse(readFileSync(join(this.stateDir, 'relays.json'), 'utf8')) as {
      relays: (NetworkEntry & { readonly port: number; readonly tcpPort: number })[];
    };
    const known = relays.find((relay) => relay.name === name);
    if (known === undefined) throw new Error(`there is no relay ${name}`);
    const file = (path: string): string => join(this.stateDir, path);
    const { port, tcpPort } = known;
    const files = { stateDir: file(`relays/${name}`), logFile: file(`relays/${name}.log`), anchorsFile: file('anchors.json') };
    const options = { name, port, tcpPort, ...files, tapFile: join(this.tapDir, `${name}.jsonl`) };
    const process = new RelayProcess(options, () => this.#again.delete(name));
    const { id, multiaddrs } = await process.ready;
    this.#again.set(name, { entry: { name, id, pid: process.pid ?? 0, multiaddrs }, process });
  }

  /** Ends `npm start` itself as a crash would; what it started has to notice. */
  crash(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends all of it, as Ctrl-C does; what it wrote stays. */
  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    await Promise.all([this.#ended, ...[...this.#again.values()].map(({ process }) => process.stop())]);
  }
}

function lines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

export interface StartOptions {
  /** Holds the state and the taps; start again in the same folder to come back as the same network. */
  readonly folder: string;
  /** Page port; 0 picks a free one. Another port is another origin: name it to come back to the same. */
  readonly port?: number;
  readonly relays?: number;
  readonly respawn?: boolean;
}

/** Starts a local network and resolves at its ready line. */
export function startSotto(options: StartOptions): Promise<Sotto> {
  const stateDir = join(options.folder, 'state');
  const tapDir = join(options.folder, 'taps');
  mkdirSync(stateDir, { recursive: true });
  const env = {
    ...process.env,
    PORT: String(options.port ?? 0),
    SOTTO_RELAYS: String(options.relays ?? 5),
    SOTTO_STATE: stateDir,
    SOTTO_TAP_DIR: tapDir,
    SOTTO_RESPAWN: options.respawn === true ? '1' : '',
  };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/start.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const log = createWriteStream(join(options.folder, 'start.log'), { flags: 'a' });
  const said: string[] = [];
  const ended = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<Sotto>();
  const giveUp = setTimeout(() => {
    said.push(`The test waited ${readyWithin / 1000} s for it, and stops it now; the load is ${loadavg()[0]?.toFixed(1)}.`);
    child.kill('SIGINT');
  }, readyWithin);
  const hear = (line: string): void => {
    said.push(line);
    log.write(`${line}\n`);
    const url = /^Sotto is ready: (http:\S+)$/.exec(line)?.[1];
    if (url === undefined) return;
    clearTimeout(giveUp);
    ready.resolve(new Sotto(url, stateDir, tapDir, child, ended.promise));
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface(stream).on('line', hear);
  }
  child.once('close', (code) => {
    clearTimeout(giveUp);
    log.end();
    ended.resolve();
    ready.reject(new Error(`npm start ended with ${code} before it was ready:\n${said.slice(-20).join('\n')}`));
  });
  return ready.promise;
}

/** One browser with a profile of its own. */
export interface Person {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Console errors, policy violations and uncaught errors of all its pages, as they came. */
  readonly troubles: readonly string[];
  /** The profile's folder, for scans of what lies on disk. */
  readonly profile: string;
  close(): Promise<void>;
}

export class People {
  readonly #folder: string;
  readonly #open = new Map<string, BrowserContext>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  profile(name: string): string {
    return join(this.#folder, name);
  }

  /** Opens the browser of `name`; the same name later is the same profile. `args`: for the browser itself. */
  async open(name: string, options: BrowserContextOptions & { readonly args?: readonly string[] } = {}): Promise<Person> {
    if (this.#open.has(name)) throw new Error(`${name}'s browser is open already`);
    const profile = this.profile(name);
    const context = await chromium.launchPersistentContext(profile, {
      ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
      permissions: ['clipboard-read', 'clipboard-write'],
      viewport: { width: 1280, height: 800 },
      ...options,
      args: [...quiet, ...(options.args ?? [])],
    });
    this.#open.set(name, context);
    context.once('close', () => this.#open.delete(name));
    const troubles: string[] = [];
    context.on('console', (message) => {
      if (message.type() === 'error') troubles.push(message.text());
    });
    context.on('weberror', (trouble) => troubles.push(String(trouble.error())));
    const page = context.pages()[0] ?? (await context.newPage());
    return { context, page, troubles, profile, close: () => context.close() };
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.values()].map((context) => context.close()));
  }
}

interface Fixtures {
  readonly folder: string;
  readonly sotto: Sotto;
  readonly people: People;
}

export const test = base.extend<Fixtures>({
  /** A folder of the test's own; gone afterwards. */
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads what a fixture needs off this pattern
  folder: async ({}, provide) => {
    const folder = mkdtempSync(join(tmpdir(), 'sotto-e2e-'));
    await provide(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  sotto: async ({ folder }, provide, testInfo) => {
    testInfo.setTimeout(testInfo.timeout + readyWithin);
    const sotto = await startSotto({ folder });
    await provide(sotto);
    await sotto.stop();
  },
  people: async ({ folder }, provide) => {
    const people = new People(join(folder, 'profiles'));
    await provide(people);
    await people.closeAll();
  },
});

export { expect } from '@playwright/test';
