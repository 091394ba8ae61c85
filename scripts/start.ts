/**
 * `npm start`: builds what is stale, starts a local network of relays, and serves the app until it is told to stop. It heeds
 * PORT (of the page, 4173), SOTTO_RELAYS (how many, 5), SOTTO_STATE (folder, .sotto), SOTTO_TAP_DIR (each relay writes all that it
 * sees to a file there) and SOTTO_RESPAWN=1 (a dead relay is started again).
 */
import { createWriteStream, mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { join, resolve } from 'node:path';
import { buildApp } from './build.ts';
import { webSocketOrigin } from './headers.ts';
import { LocalNetwork } from './local-network.ts';
import { createPageServer, type Release } from './page-server.ts';
import { inRoot } from './program.ts';

function wholeNumber(name: string, otherwise: number, least: number, most: number): number {
  const text = process.env[name];
  const value = text === undefined || text === '' ? otherwise : Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name}=${text}: want a whole number from ${least} to ${most}`);
}

function folder(name: string): string | undefined {
  const text = process.env[name];
  return text === undefined || text === '' ? undefined : resolve(text);
}

/** Resolves to the port: `port` itself, or the one that the system picked for 0. */
function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} is in use: stop what uses it, or set PORT to another`) : error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Resolves at the first request to stop, with what asked: a signal, or the end of the process that started us. */
const askedToStop = new Promise<string>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(signal));
  process.on('disconnect', () => resolve('the end of what started it'));
});

async function main(): Promise<void> {
  const port = wholeNumber('PORT', 4173, 0, 65535);
  const relays = wholeNumber('SOTTO_RELAYS', 5, 1, 100);
  const stateDir = folder('SOTTO_STATE') ?? inRoot('.sotto');
  const tapDir = folder('SOTTO_TAP_DIR');
  mkdirSync(stateDir, { recursive: true });

  const log = console.log;
  const network = new LocalNetwork({
    stateDir,
    relays,
    respawn: process.env['SOTTO_RESPAWN'] === '1',
    log,
    ...(tapDir === undefined ? {} : { tapDir }),
  });
  const release = Promise.withResolvers<Release>();
  const requests = createWriteStream(join(stateDir, 'page.log'));
  const server = createPageServer(release.promise, (line) => requests.write(`${line}\n`));
  const started = listen(server, port).then(async (bound) => {
    const dist = await buildApp();
    await network.start();
    const origins = [...new Set(network.multiaddrs.flatMap((address) => webSocketOrigin(address) ?? []))];
    release.resolve({ dist, anchors: network.anchors, origins });
    log(`${relays} relays are running; their state is in ${stateDir}`);
    log(`Sotto is ready: http://localhost:${bound}/`);
    return true;
  });
  try {
    const isReady = await Promise.race([started, askedToStop.then(() => false)]);
    // Only what was ready ends well by being stopped.
    if (!isReady) throw new Error(`stopped by ${await askedToStop} before it was ready`);
    await askedToStop;
  } finally {
    started.catch(() => undefined);
    server.close();
    server.closeAllConnections();
    await network.stop();
  }
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(`sotto: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
