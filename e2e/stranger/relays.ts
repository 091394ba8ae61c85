/** Three relays as `npm start` runs them, each a process: with three, every path leads through every one. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRefusal } from '../../src/base/index.ts';
import { parseAnchors, type Anchor } from '../../src/directory/index.ts';
import { LocalNetwork } from '../../scripts/local-network.ts';

interface Running {
  readonly pid: number;
  readonly name: string;
  readonly multiaddrs: readonly string[];
}

export class Relays {
  readonly #folder: string;
  readonly #network: LocalNetwork;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#network = new LocalNetwork({ stateDir: folder, relays: 3, respawn: false, log: (line) => console.log(line) });
  }

  static async start(): Promise<Relays> {
    const relays = new Relays(mkdtempSync(join(tmpdir(), 'sotto-strangers-')));
    await relays.#network.start();
    return relays;
  }

  get anchors(): readonly Anchor[] {
    const anchors = parseAnchors(this.#network.anchors);
    if (isRefusal(anchors)) throw new Error(`anchors: ${anchors.refused}`);
    return anchors;
  }

  /** Throws when none runs under that place. */
  running(place: number): Running {
    const { relays } = JSON.parse(readFileSync(join(this.#folder, 'network.json'), 'utf8')) as { readonly relays: readonly Running[] };
    const relay = relays[place];
    if (relay === undefined) throw new Error(`relay ${place} does not run`);
    return relay;
  }

  /** Its WebSocket address, with /p2p/. */
  address(place: number): string {
    const found = this.running(place).multiaddrs.find((address) => address.includes('/ws/'));
    if (found === undefined) throw new Error(`relay ${place} has no WebSocket`);
    return found;
  }

  log(place: number): string {
    return readFileSync(join(this.#folder, `relays/${this.running(place).name}.log`), 'utf8');
  }

  async stop(): Promise<void> {
    await this.#network.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Memory of a process, MiB: now, and the most that it ever was. Throws when the process is gone. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { now: of('VmRSS'), most: of('VmHWM') };
}

/** Processor time that a process has used, ms. */
export function processorOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
