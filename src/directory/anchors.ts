/**
 * The root of trust (docs/protocol.md §5): /anchors.json, served and pinned with the app.
 *
 *   {"anchors": [{"id": 64 hex digits, "addresses": [multiaddr, …], "family": text}, …]}
 */
import { fromHex, isRefusal, refuse, relayId, type Refusal, type RelayId } from '../base/index.ts';
import { parseAddress } from '../link/index.ts';

export interface Anchor {
  readonly id: RelayId;
  readonly addresses: readonly string[];
  readonly family: string;
}

const MAX_ANCHORS = 64;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads the text of anchors.json. Refused as `anchors`, with words that say what is wrong and where. */
export function parseAnchors(json: string): Anchor[] | Refusal {
  let read: unknown;
  try {
    read = JSON.parse(json);
  } catch {
    return refuse('anchors', 'anchors: not JSON');
  }
  const list = isObject(read) ? read['anchors'] : undefined;
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_ANCHORS) {
    return refuse('anchors', `anchors: want {"anchors": [1 to ${MAX_ANCHORS} entries]}`);
  }
  const anchors = list.map((entry: unknown, i) => parseAnchor(entry, `anchor ${i + 1}`));
  const bad = anchors.find(isRefusal);
  if (bad !== undefined) return bad;
  const good = anchors.flatMap((anchor) => (isRefusal(anchor) ? [] : [anchor]));
  return new Set(good.map(({ id }) => id)).size === good.length ? good : refuse('anchors', 'anchors: an id is listed twice');
}

function parseAnchor(entry: unknown, where: string): Anchor | Refusal {
  if (!isObject(entry)) return refuse('anchors', `${where}: not an object`);
  const { id, addresses, family } = entry;
  if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id)) return refuse('anchors', `${where}: "id" is not 64 hex digits`);
  if (typeof family !== 'string' || family.length > 64)
    return refuse('anchors', `${where}: "family" is not a text of at most 64 characters`);
  if (!Array.isArray(addresses) || addresses.length === 0 || addresses.length > 8 || !addresses.every(isAddress)) {
    return refuse('anchors', `${where}: "addresses" are not 1 to 8 multiaddrs`);
  }
  return { id: relayId(fromHex(id)), addresses, family };
}

const isAddress = (value: unknown): value is string => typeof value === 'string' && !isRefusal(parseAddress(value));
