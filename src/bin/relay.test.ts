import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('relay.ts', import.meta.url));
let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'sotto-relay-'))));
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Runs the program; what it said, and how it ended. `line` is called for each line on stdout. */
function start(
  args: readonly string[],
  line: (text: string, child: ChildProcess) => void = () => undefined,
): Promise<{ out: string; err: string; code: number | null }> {
  const started = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let [out, err] = ['', ''];
  started.stdout.on('data', (data) => {
    out += String(data);
    if (out.endsWith('\n')) line(out, started);
  });
  started.stderr.on('data', (data) => (err += String(data)));
  return new Promise((resolve) => started.once('close', (code) => resolve({ out, err, code })));
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

describe('the relay program', () => {
  it('prints who it is, then is that relay, and stops cleanly', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const state = join(folder, 'state');
    const named = await start(['--state', state, '--listen', listen, '--print-id']);
    expect(named.code).toBe(0);
    const identity = JSON.parse(named.out);
    expect(identity).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      multiaddrs: [expect.stringMatching(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws\/p2p\/\w+$/)],
    });

    const config = join(folder, 'relay.toml');
    const tap = join(folder, 'tap.jsonl');
    writeFileSync(config, `state = ${JSON.stringify(state)}\nlisten = "${listen}"\nname = "one"\ntap = ${JSON.stringify(tap)}\n`);
    const { out, err, code } = await start(['--config', config], (_line, relay) => relay.kill('SIGTERM'));
    expect(out.trimEnd().split('\n').length).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ready: true, id: identity.id, name: 'one' });
    expect(JSON.parse(out).multiaddrs).toContain(identity.multiaddrs[0]);
    expect([code, err.includes('stopped')]).toEqual([0, true]);
    expect(readFileSync(tap, 'utf8')).toContain('"line":"stopped"');
  }, 60_000);

  it.each([
    [['--stat', 'x'], /Unknown option '--stat'/],
    [['--listen', '1'], /"state" is missing/],
    [['--config', 'nowhere.toml'], /the configuration nowhere.toml cannot be read/],
    [['--config', 'x', '--name', 'y'], /--config stands alone/],
    [['--state', 'x', '--listen', '1', '--suite', '1'], /"suite" is not 3 or 5/],
    [['--state', 'x', '--listen', '1', '--anchors', 'nowhere.json'], /the list of anchors nowhere.json cannot be read/],
  ])(
    'says what is wrong with %j, and starts nothing',
    async (args, words) => {
      const { out, err, code } = await start(args);
      expect([out, code]).toEqual(['', 64]);
      expect(err).toMatch(words);
      expect(err).toContain('usage: relay');
    },
    30_000,
  );
});
