/**
 * A local network of relays, each of them a process, an anchor and a family of its own. All of its state lies in one folder:
 *
 *   relays.json     names, ports and identities, so that addresses stay the same over restarts
 *   anchors.json    what the relays and the page are given as their root of trust (docs/protocol.md §5)
 *   network.json    {"relays": [{"name", "id", "pid", "multiaddrs"}]}: who is alive now; absent when nothing runs
 *   relays/NAME     a relay's own state;  relays/NAME.log its words
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { identify, RelayProcess, type RelayIdentity, type RelayOptions } from './relay-process.ts';

export interface NetworkOptions {
  readonly stateDir: string;
  readonly relays: number;
  readonly tapDir?: string;
  /** Starts a dead relay again. */
  readonly respawn: boolean;
  readonly log: (line: string) => void;
}

interface Known extends RelayIdentity {
  readonly name: string;
  readonly port: number;
  readonly tcpPort: number;
}

const firstRespawnDelay = 500;
const longestRespawnDelay = 10_000;

/** Below the ports that systems give to outgoing connections, so that a relay that is down does not find its port taken by a neighbour's. */
const portRange = { from: 20_000, count: 12_000 };

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}

/** Resolves to `preferred` when that is free, otherwise to a port that is. */
async function freePort(preferred: number | undefined): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = portRange.from + Math.floor(Math.random() * portRange.count);
    if (await isFree(port)) return port;
  }
  throw new Error('there is no free port on this machine');
}

/** Readers never see half a file. */
function writeJson(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** The list under `key` in a file of ours; empty when there is no such file. Throws when the file is damaged. */
function readList<T>(file: string, key: string, isEntry: (entry: unknown) => entry is T): readonly T[] {
  if (!existsSync(file)) return [];
  const read = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const list = read[key];
  if (!Array.isArray(list) || !list.every(isEntry)) throw new Error(`${file} is damaged: delete it and start again`);
  return list;
}

const isRunning = (entry: unknown): entry is { readonly pid: number } =>
  typeof entry === 'object' && entry !== null && 'pid' in entry && typeof entry.pid === 'number';

const isKnown = (entry: unknown): entry is Known =>
  typeof entry === 'object' && entry !== null && ['name', 'port', 'tcpPort', 'id', 'multiaddrs'].every((key) => key in entry);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export class LocalNetwork {
  readonly #options: NetworkOptions;
  readonly #processes = new Map<string, RelayProcess>();
  readonly #ready = new Map<string, RelayIdentity & { readonly pid: number | undefined }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #known: readonly Known[] = [];
  #stopping = false;

  constructor(options: NetworkOptions) {
    this.#options = options;
    mkdirSync(join(options.stateDir, 'relays'), { recursive: true });
    if (options.tapDir !== undefined) mkdirSync(options.tapDir, { recursive: true });
    this.#refuseSharedState();
  }

  /** Every relay's addresses, whether it is alive or not. */
  get multiaddrs(): readonly string[] {
    return this.#known.flatMap(({ multiaddrs }) => multiaddrs);
  }

  /** The text of anchors.json. */
  get anchors(): string {
    const anchors = this.#known.map(({ id, multiaddrs, name }) => ({ id, addresses: multiaddrs, family: name }));
    return `${JSON.stringify({ anchors }, null, 2)}\n`;
  }

  /** Resolves when every relay is ready. On failure nothing is left running. */
  async start(): Promise<void> {
    try {
      this.#known = await this.#identities();
      writeJson(this.#path('relays.json'), { relays: this.#known });
      writeFileSync(this.#path('anchors.json'), this.anchors);
      await Promise.all(this.#known.map((relay) => this.#launch(relay)));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Resolves when every relay has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
    rmSync(this.#path('network.json'), { force: true });
  }

  #path(name: string): string {
    return join(this.#options.stateDir, name);
  }

  #refuseSharedState(): void {
    const file = this.#path('network.json');
    const alive = readList(file, 'relays', isRunning).find(({ pid }) => isAlive(pid));
    if (alive === undefined) return;
    throw new Error(
      `another local network uses ${this.#options.stateDir} (process ${alive.pid}): stop it, or set SOTTO_STATE to another folder; if it is not there, delete ${file}`,
    );
  }

  #relayOptions({ name, port, tcpPort }: Pick<Known, 'name' | 'port' | 'tcpPort'>): RelayOptions {
    const { tapDir } = this.#options;
    const base = {
      name,
      port,
      tcpPort,
      stateDir: this.#path(`relays/${name}`),
      logFile: this.#path(`relays/${name}.log`),
      anchorsFile: this.#path('anchors.json'),
    };
    return tapDir === undefined ? base : { ...base, tapFile: join(tapDir, `${name}.jsonl`) };
  }

  /** Two at a time: making an identity is mostly the start of a process. */
  async #identities(): Promise<Known[]> {
    const before = readList(this.#path('relays.json'), 'relays', isKnown);
    const names = Array.from({ length: this.#options.relays }, (_, i) => `relay-${i + 1}`);
    const known: Known[] = [];
    for (let i = 0; i < names.length; i += 2) {
      known.push(...(await Promise.all(names.slice(i, i + 2).map((name) => this.#identity(name, before)))));
    }
    return known;
  }

  async #identity(name: string, before: readonly Known[]): Promise<Known> {
    const remembered = before.find((relay) => relay.name === name);
    const port = await freePort(remembered?.port);
    const tcpPort = await freePort(remembered?.tcpPort);
    const isSame = remembered?.port === port && remembered.tcpPort === tcpPort;
    if (isSame && existsSync(this.#path(`relays/${name}`))) return remembered;
    const ports = { name, port, tcpPort };
    return { ...ports, ...(await identify(this.#relayOptions(ports))) };
  }

  async #launch(relay: Known, respawnDelay = firstRespawnDelay): Promise<void> {
    if (this.#stopping) throw new Error('stopped while starting');
    const process = new RelayProcess(this.#relayOptions(relay), (how) => this.#ended(relay, how, respawnDelay));
    this.#processes.set(relay.name, process);
    const { id, multiaddrs } = await process.ready;
    if (id !== relay.id)
      throw new Error(`${relay.name} came up as ${id}, not as ${relay.id}: delete ${this.#path('relays.json')} and start again`);
    this.#ready.set(relay.name, { id, multiaddrs, pid: process.pid });
    this.#writeNetwork();
  }

  #writeNetwork(): void {
    const names = [...this.#ready.keys()].toSorted();
    const relays = names.map((name) => ({ name, ...this.#ready.get(name) }));
    if (!this.#stopping) writeJson(this.#path('network.json'), { relays });
  }

  #ended(relay: Known, how: string, respawnDelay: number): void {
    const wasReady = this.#ready.delete(relay.name);
    this.#processes.delete(relay.name);
    if (this.#stopping) return;
    this.#writeNetwork();
    this.#options.log(`${relay.name} ended (${how}); its words are in ${this.#path(`relays/${relay.name}.log`)}`);
    if (!this.#options.respawn) return;
    const next = wasReady ? firstRespawnDelay : Math.min(2 * respawnDelay, longestRespawnDelay);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#launch(relay, next).catch(() => undefined);
    }, next);
    this.#timers.add(timer);
  }
}
