import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LocalNetwork } from './local-network.ts';

interface Entry {
  readonly name: string;
  readonly id: string;
  readonly pid: number;
  readonly multiaddrs: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'sotto-network-'));
const said: string[] = [];
let running: LocalNetwork | undefined;

async function start(respawn = false): Promise<LocalNetwork> {
  running = new LocalNetwork({ stateDir: folder, relays: 2, respawn, log: (line) => said.push(line) });
  await running.start();
  return running;
}

const alive = (): Entry[] => (JSON.parse(readFileSync(join(folder, 'network.json'), 'utf8')) as { relays: Entry[] }).relays;

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const identities = (entries: readonly Entry[]): unknown[] => entries.map(({ name, id, multiaddrs }) => ({ name, id, multiaddrs }));

afterEach(async () => {
  await running?.stop();
});

describe('a local network of relays', () => {
  it('writes down who is alive, and leaves nothing running', async () => {
    const network = await start();
    const entries = alive();
    expect(entries.map(({ name }) => name)).toEqual(['relay-1', 'relay-2']);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(2);
    for (const { id, pid, multiaddrs } of entries) {
      expect(id).toMatch(/^[0-9a-f]{64}$/);
      expect(exists(pid)).toBe(true);
      expect(multiaddrs.some((address) => /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws/.test(address))).toBe(true);
    }
    const { anchors } = JSON.parse(network.anchors) as { anchors: { id: string; addresses: string[]; family: string }[] };
    expect(anchors).toEqual(entries.map(({ name, id, multiaddrs }) => ({ id, addresses: multiaddrs, family: name })));

    await network.stop();
    expect(entries.filter(({ pid }) => exists(pid))).toEqual([]);
    expect(existsSync(join(folder, 'network.json'))).toBe(false);
  });

  it('comes back under the same identities and addresses', async () => {
    await start();
    const before = identities(alive());
    await running?.stop();
    await start();
    expect(identities(alive())).toEqual(before);
  });

  it('refuses a second network on the same state', async () => {
    await start();
    expect(() => new LocalNetwork({ stateDir: folder, relays: 2, respawn: false, log: () => undefined })).toThrow(/SOTTO_STATE/);
  });

  it('strikes a dead relay off, and says so', async () => {
    await start();
    const [first, second] = alive();
    if (first === undefined || second === undefined) throw new Error('two relays were started');
    process.kill(first.pid, 'SIGKILL');
    await vi.waitFor(() => expect(alive()).toEqual([second]), { timeout: 10_000 });
    expect(said.at(-1)).toContain('relay-1 ended (SIGKILL)');
  });

  it('brings a dead relay back when asked to, as the same relay', async () => {
    await start(true);
    const before = alive();
    process.kill(before[0]?.pid ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(alive()).toHaveLength(1), { timeout: 10_000 });
    await vi.waitFor(() => expect(alive()).toHaveLength(2), { timeout: 20_000 });
    expect(identities(alive())).toEqual(identities(before));
    expect(alive()[0]?.pid).not.toBe(before[0]?.pid);
  });
});

process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
