/**
 * One relay: `npm run relay -- --config FILE`, or flags of the same names as the file's keys.
 *
 *   stdout   one JSON line: {"ready":true,"id","multiaddrs","name"}; with --print-id {"id","multiaddrs"}, and it ends
 *   stderr   its log                       SIGTERM, SIGINT: stops cleanly
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isRefusal } from '../base/index.ts';
import { parseAnchors, type Anchor } from '../directory/index.ts';
import { createRelay, parseConfig, readSettings, relayIdentity, type Relay, type RelaySettings } from '../relay/index.ts';

const USAGE = `usage: relay --config FILE
       relay --state DIR --listen [HOST:]PORT [--tcp PORT] [--anchors FILE] [--announce MULTIADDR]… [--name NAME] [--family FAMILY] [--suite 3|5] [--tap FILE]
       with --print-id it makes its identity, prints it, and ends`;

class UsageError extends Error {}

/** Errors of sockets and streams: somebody on the network hung up, or sent what a library refused. */
const NETWORK_CODES = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);
const NETWORK_NAMES =
  /^(Stream\w*|Connection\w*|Dial|Muxer\w*|Abort|Timeout|UnexpectedEOF|InvalidMessage|InvalidMessageLength|UnsupportedProtocol|EncryptionFailed|InvalidCryptoExchange|TooManyInboundProtocolStreams|InvalidFrame|ReceiveWindowExceeded)Error$/;

function isOfTheNetwork(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return NETWORK_NAMES.test(error.name) || ('code' in error && typeof error.code === 'string' && NETWORK_CODES.has(error.code));
}

function flags() {
  try {
    return parseArgs({
      strict: true,
      options: {
        config: { type: 'string' },
        state: { type: 'string' },
        listen: { type: 'string' },
        tcp: { type: 'string' },
        anchors: { type: 'string' },
        announce: { type: 'string', multiple: true },
        name: { type: 'string' },
        family: { type: 'string' },
        suite: { type: 'string' },
        tap: { type: 'string' },
        'print-id': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'bad flags');
  }
}

function read(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`${what} ${file} cannot be read`);
  }
}

/** Those flags that are numbers in the file. */
const numbers = ({ tcp, suite }: { readonly tcp?: string | undefined; readonly suite?: string | undefined }) => ({
  ...(tcp !== undefined && { tcp: Number(tcp) }),
  ...(suite !== undefined && { suite: Number(suite) }),
});

function settingsFrom(values: ReturnType<typeof flags>): RelaySettings {
  const { config, 'print-id': _printId, help: _help, ...given } = values;
  if (config !== undefined && Object.keys(given).length > 0) throw new UsageError('--config stands alone: put the rest into the file');
  const settings = config === undefined ? readSettings({ ...given, ...numbers(given) }) : parseConfig(read(config, 'the configuration'));
  if (isRefusal(settings)) throw new UsageError(settings.detail ?? settings.refused);
  return settings;
}

function anchorsFrom(file: string | undefined): Anchor[] {
  const anchors = file === undefined ? [] : parseAnchors(read(file, 'the list of anchors'));
  if (isRefusal(anchors)) throw new UsageError(anchors.detail ?? anchors.refused);
  return anchors;
}

const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

function guard(relay: Relay): void {
  const uncaught = (error: unknown): void => {
    relay.report(error);
    if (!isOfTheNetwork(error)) void end(relay, 70);
  };
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(relay, 0));
}

let ending = false;
async function end(relay: Relay, code: number): Promise<void> {
  if (ending) return;
  ending = true;
  process.exitCode = code;
  // A neighbour that does not let go must not keep us.
  setTimeout(() => process.exit(), 3_000).unref();
  await relay.stop().catch((error: unknown) => log(String(error)));
  process.exit();
}

async function main(): Promise<void> {
  const values = flags();
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const settings = settingsFrom(values);
  if (values['print-id']) {
    say(await relayIdentity(settings));
    return;
  }
  const relay = await createRelay({ ...settings, anchors: anchorsFrom(settings.anchors), log });
  guard(relay);
  say({ ready: true, id: relay.id, multiaddrs: relay.multiaddrs, name: settings.name });
}

main().catch((error: unknown) => {
  const usage = error instanceof UsageError;
  process.stderr.write(`relay: ${error instanceof Error ? error.message : String(error)}\n${usage ? `${USAGE}\n` : ''}`);
  process.exitCode = usage ? 64 : 1;
});
