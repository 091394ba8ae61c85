/** The command that people run first. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, startSotto, test } from './fixtures.ts';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('when npm start is killed, its relays end too, and it starts again in the same state', async ({ folder }) => {
  const sotto = await startSotto({ folder });
  const relays = sotto.network();
  expect(relays).toHaveLength(5);
  sotto.crash();
  await expect.poll(() => relays.filter(({ pid }) => isAlive(pid))).toEqual([]);

  const again = await startSotto({ folder });
  expect(again.network().map(({ id }) => id)).toEqual(relays.map(({ id }) => id));
  await again.stop();
  expect(again.network()).toEqual([]);
});

test('a port in use is told in a sentence, and nothing is left running', async ({ folder, sotto }) => {
  const port = Number(new URL(sotto.url).port);
  await expect(startSotto({ folder: `${folder}/second`, port })).rejects.toThrow(`port ${port} is in use`);
});

test('told to stop before it is ready, it says so, ends as a failure, and leaves nothing running', async ({ folder }) => {
  for (const how of ['SIGTERM', 'disconnect'] as const) {
    const state = join(folder, how);
    const env = { ...process.env, PORT: '0', SOTTO_STATE: state };
    const child = spawn(process.execPath, [resolve(import.meta.dirname, '../scripts/start.ts')], {
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    let words = '';
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => (words += piece));
    // It is under way, and its relays have not been started.
    await expect.poll(() => existsSync(join(state, 'page.log')), { intervals: [10] }).toBe(true);
    if (how === 'disconnect') child.disconnect();
    else child.kill(how);
    expect(await ended).toBe(1);
    await expect.poll(() => words).toContain(`stopped by ${how === 'disconnect' ? 'the end of what started it' : how} before it was ready`);
    expect(existsSync(join(state, 'network.json'))).toBe(false);
  }
});
