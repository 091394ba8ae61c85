/**
 * A relay's configuration: one TOML file, or flags of the same names.
 *
 *   state    folder of its keys and blobs                        family    operator's family, by default its name
 *   listen   "HOST:PORT" or PORT of its WebSocket                anchors   file: anchors.json
 *   tcp      port for plain TCP among relays; 0: any free one    announce  multiaddrs to tell others, without /p2p/
 *   name     for its own log                                     tap       file: write down all that it sees
 *   roles    ["guard", "middle", "mailbox"]                      suite     3 or 5, of its handshakes; by default 3
 *   [limits] see RelayLimits
 */
import { parse } from 'smol-toml';
import { isRefusal, refuse, type Refusal } from '../base/index.ts';
import { CIRCUIT_SUITES, type CircuitSuite } from '../crypto/index.ts';
import { parseAddress } from '../link/index.ts';

export interface RelayLimits {
  /** Sockets open in all, and from one host. */
  readonly connections: number;
  readonly connectionsPerHost: number;
  /** Circuits in all, and through one link. */
  readonly circuits: number;
  readonly circuitsPerLink: number;
  /** Bytes of all blobs, and of one topic's. */
  readonly mailboxBytes: number;
  readonly topicBytes: number;
  /** Handshakes of circuits in a second. */
  readonly createsPerSecond: number;
  /** Bytes a second read of all together who send more than half of that; relays that are known do not count. */
  readonly strangerBytesPerSecond: number;
  /** Peers that may be found through this relay for direct links (circuit-relay-v2), in all and of one host. */
  readonly reservations: number;
  readonly reservationsPerHost: number;
}

export interface RelaySettings {
  readonly state: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Undefined: no TCP. */
  readonly tcp: number | undefined;
  readonly name: string;
  readonly family: string;
  readonly anchors: string | undefined;
  readonly announce: readonly string[];
  readonly tap: string | undefined;
  readonly roles: { readonly guard: boolean; readonly middle: boolean; readonly mailbox: boolean };
  /** Of its onion keys, and so of each handshake with it. */
  readonly suite: CircuitSuite;
  readonly limits: Partial<RelayLimits>;
}

type Values = Readonly<Record<string, unknown>>;

const KEYS = ['state', 'listen', 'tcp', 'name', 'family', 'anchors', 'announce', 'tap', 'roles', 'suite', 'limits'];
const LIMITS: Readonly<Record<string, keyof RelayLimits>> = {
  connections: 'connections',
  connections_per_host: 'connectionsPerHost',
  circuits: 'circuits',
  circuits_per_link: 'circuitsPerLink',
  mailbox_bytes: 'mailboxBytes',
  topic_bytes: 'topicBytes',
  creates_per_second: 'createsPerSecond',
  stranger_bytes_per_second: 'strangerBytesPerSecond',
  reservations: 'reservations',
  reservations_per_host: 'reservationsPerHost',
};
const ROLES = ['guard', 'middle', 'mailbox'];

const wrong = (detail: string): Refusal => refuse('config', detail);

/** Reads TOML. Refused as `config`, with words for whoever wrote the file. */
export function parseConfig(toml: string): RelaySettings | Refusal {
  try {
    return readSettings(parse(toml));
  } catch (error) {
    return wrong(error instanceof Error ? error.message : 'not TOML');
  }
}

/** Reads settings by their names in the file. */
export function readSettings(values: Values): RelaySettings | Refusal {
  const unknown = Object.keys(values).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return wrong(`unknown key "${unknown}"; known are ${KEYS.join(', ')}`);
  const texts = ['state', 'name', 'family', 'anchors', 'tap'].find((key) => values[key] !== undefined && typeof values[key] !== 'string');
  if (texts !== undefined) return wrong(`"${texts}" is not a text`);
  const { state, listen, tcp = 0, anchors, tap, announce = [], roles = ROLES, limits = {} } = values;
  const name = textOr(values['name'], 'relay');
  if (typeof state !== 'string' || state === '') return wrong('"state" is missing: the folder in which the relay keeps its keys and blobs');
  const at = readListen(listen);
  const bounds = readLimits(limits);
  if (isRefusal(at)) return at;
  if (isRefusal(bounds)) return bounds;
  if (tcp !== false && !isPort(tcp)) return wrong('"tcp" is not a port from 0 to 65535, or false');
  if (!isList(announce) || !announce.every(isOwnAddress)) return wrong('"announce" is not a list of multiaddrs without /p2p/');
  if (!isList(roles) || !roles.every((role) => ROLES.includes(role))) return wrong(`"roles" is not a list of ${ROLES.join(', ')}`);
  const suite = CIRCUIT_SUITES.find((one) => one === (values['suite'] ?? 3));
  if (suite === undefined) return wrong(`"suite" is not ${CIRCUIT_SUITES.join(' or ')}`);
  const plays = { guard: roles.includes('guard'), middle: roles.includes('middle'), mailbox: roles.includes('mailbox') };
  const files = { anchors: optional(anchors), tap: optional(tap) };
  return {
    state,
    listen: at,
    tcp: tcp === false ? undefined : tcp,
    name,
    family: textOr(values['family'], name),
    ...files,
    announce,
    roles: plays,
    suite,
    limits: bounds,
  };
}

const optional = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
const isPort = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
const isList = (value: unknown): value is string[] => Array.isArray(value) && value.every((entry) => typeof entry === 'string');

function isOwnAddress(text: string): boolean {
  const address = parseAddress(text);
  return !isRefusal(address) && address.peer === undefined;
}

/** "HOST:PORT", "[IPv6]:PORT" or PORT; without a host, every interface. */
function readListen(value: unknown): RelaySettings['listen'] | Refusal {
  const text = typeof value === 'number' ? String(value) : value;
  const [, host, digits] = /^(?:(\[[0-9a-fA-F:]+\]|[\d.]+|localhost):)?(\d{1,5})$/.exec(typeof text === 'string' ? text : '') ?? [];
  const port = Number(digits);
  if (digits === undefined || !isPort(port)) return wrong('"listen" is missing or not HOST:PORT (an IP address and a port) or PORT');
  if (host === undefined) return { host: '0.0.0.0', port };
  return { host: host === 'localhost' ? '127.0.0.1' : host.replace(/[[\]]/g, ''), port };
}

function readLimits(value: unknown): Partial<RelayLimits> | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('"limits" is not a table');
  const limits: Partial<Record<keyof RelayLimits, number>> = {};
  for (const [key, bound] of Object.entries(value)) {
    const known = LIMITS[key];
    if (known === undefined) return wrong(`unknown key "limits.${key}"; known are ${Object.keys(LIMITS).join(', ')}`);
    if (typeof bound !== 'number' || !Number.isInteger(bound) || bound < 1) return wrong(`"limits.${key}" is not a whole number above 0`);
    limits[known] = bound;
  }
  return limits;
}
