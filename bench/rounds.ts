/** Rounds in a process of their own, one at a time, when the parent asks for one. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a round took; more, where a child has more to tell. */
export type Told = Readonly<Record<string, number>> & { readonly ms: number };

/** The child's side: gets ready with the parent's first message, then does a round for each further one. */
export function serveRounds(prepare: (given: string) => Promise<() => Promise<Told>>): void {
  let round: (() => Promise<Told>) | undefined;
  const answer = async (given: unknown): Promise<unknown> => {
    if (round !== undefined) return round();
    round = await prepare(String(given));
    return 'ready';
  };
  process.on('disconnect', () => process.exit(0));
  process.on('message', (given) => {
    answer(given).then(
      (told) => process.send?.({ told }),
      (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
    );
  });
}

export interface RoundProcess {
  round(): Promise<Told>;
  stop(): void;
}

/** Starts `file` of this folder; resolves when it is ready. Rejects with what it said of its failure. */
export async function startRounds(file: string, args: readonly string[], given: string): Promise<RoundProcess> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, args, { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const ask = (what: string): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const ended = (code: number | null): void => reject(new Error(`${file} ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (said: { readonly told?: unknown; readonly failed?: string }) => {
      child.off('exit', ended);
      if (said.failed === undefined) resolve(said.told);
      else reject(new Error(`${file}: ${said.failed}`));
    });
    child.send(what);
    return promise;
  };
  try {
    await ask(given);
  } catch (error) {
    child.kill();
    throw error;
  }
  return { round: async () => (await ask('round')) as Told, stop: () => void child.kill() };
}
