/** Plays the crowd's runs with the seeds that are given as arguments, and prints one line of JSON for each. */
import { initCryptoSim } from './crypto.ts';
import { CROWD, mustHold } from './run.ts';

await initCryptoSim();
for (const seed of process.argv.slice(2).map(Number)) {
  const from = performance.now();
  const why = await mustHold(seed, CROWD).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  console.log(JSON.stringify({ seed, seconds: Math.round((performance.now() - from) / 1000), ...(why !== undefined && { why }) }));
}
