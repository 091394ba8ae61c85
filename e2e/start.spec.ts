/** The command that people run first. */
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
