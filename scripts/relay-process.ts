/**
 * One relay of the local network, as a child process of src/bin/relay.ts.
 *
 *   identify ──▶ start ──▶ ready ──▶ ended (stopped by us, or dead by itself)
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { inRoot } from './program.ts';

const program = inRoot('src/bin/relay.ts');
const flags = ['--disable-warning=ExperimentalWarning', '--import', pathToFileURL(inRoot('scripts/end-with-parent.mjs')).href, program];
const readyWithin = 60_000;

/** What a relay says of itself: its id (64 hex digits) and where it can be dialled. */
export interface RelayIdentity {
  readonly id: string;
  readonly multiaddrs: readonly string[];
}

export interface RelayOptions {
  readonly name: string;
  readonly stateDir: string;
  readonly logFile: string;
  /** For WebSocket, and for TCP between relays. */
  readonly port: number;
  readonly tcpPort: number;
  readonly anchorsFile: string;
  readonly tapFile?: string;
}

function parseIdentity(line: string): (RelayIdentity & { readonly ready: boolean }) | undefined {
  try {
    const said: unknown = JSON.parse(line);
    if (typeof said !== 'object' || said === null || !('id' in said) || !('multiaddrs' in said)) return undefined;
    const { id, multiaddrs } = said;
    if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id) || !Array.isArray(multiaddrs)) return undefined;
    return { id, multiaddrs: multiaddrs.map(String), ready: 'ready' in said && said.ready === true };
  } catch {
    return undefined;
  }
}

/** Starts the program, its words going to the log; resolves with the first identity it prints that `accept` takes. */
function launch(options: RelayOptions, extra: readonly string[], accept: (ready: boolean) => boolean) {
  const { name, stateDir, logFile, port, tcpPort } = options;
  const args = [...flags, '--name', name, '--state', stateDir, '--listen', `127.0.0.1:${port}`, '--tcp', `${tcpPort}`, ...extra];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stderr?.pipe(log, { end: false });
  child.once('close', () => log.end());
  const said = new Promise<RelayIdentity>((resolve, reject) => {
    const giveUp = setTimeout(() => reject(new Error(`${name} was not ready within ${readyWithin / 1000} s; see ${logFile}`)), readyWithin);
    child.once('error', reject);
    child.once('close', (code) =>
      reject(new Error(`${name} ended with ${code} before it was ready; its last words:\n${lastWords(logFile)}`)),
    );
    if (child.stdout === null) throw new Error('a relay was started without its output');
    createInterface(child.stdout).on('line', (line) => {
      log.write(`${line}\n`);
      const identity = parseIdentity(line);
      if (identity === undefined || !accept(identity.ready)) return;
      clearTimeout(giveUp);
      resolve({ id: identity.id, multiaddrs: identity.multiaddrs });
    });
    child.once('close', () => clearTimeout(giveUp));
  });
  return { child, said };
}

const lastWords = (logFile: string): string => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-5).join('\n');

/** Makes the relay's identity in its state directory, if there is none yet, and reads it. */
export async function identify(options: RelayOptions): Promise<RelayIdentity> {
  const { child, said } = launch(options, ['--print-id'], () => true);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const identity = await said;
  await ended;
  return identity;
}

export class RelayProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly ready: Promise<RelayIdentity>;

  /** `onEnd` is called once, when the process is no more: with its exit code, or the signal that ended it. */
  constructor(options: RelayOptions, onEnd: (how: string) => void) {
    const tap = options.tapFile === undefined ? [] : ['--tap', options.tapFile];
    const { child, said } = launch(options, ['--anchors', options.anchorsFile, ...tap], (ready) => ready);
    this.#child = child;
    this.ready = said;
    said.catch(() => undefined);
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        onEnd(signal ?? `code ${code}`);
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks it to end, and insists after five seconds. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.#ended;
    clearTimeout(insist);
  }
}
