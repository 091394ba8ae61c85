/** Texts from outside, and what was kept and has been damaged since. */
import { equal, isRefusal, fromUtf8, utf8, type Bytes } from '../../../src/base/index.ts';
import { seededRandom } from '../../../src/base/testing.ts';
import { cleanName } from '../../../src/chat/entry.ts';
import { parseAnchors } from '../../../src/directory/index.ts';
import { newVaultFromKey } from '../../../src/identity/index.ts';
import { parseAddress } from '../../../src/link/address.ts';
import { joinDirectory, readGuards, splitDirectory } from '../../../src/peer/kept.ts';
import { parseConfig } from '../../../src/relay/config.ts';
import { readLink } from '../../../src/room/invite-link.ts';
import { decodeChunk, encodeChunk } from '../../../src/store/chunk.ts';
import { holds, oneOf, word, type Choice, type PageTarget } from './target.ts';

/** Whatever the bytes, a text: as a program reads them that replaces what is no UTF-8. */
const textOf = (bytes: Bytes): string => new TextDecoder().decode(bytes);

const text = (name: string, seeds: readonly string[], read: (said: string) => string): Choice => ({
  name,
  seeds: seeds.map(utf8),
  read: (bytes) => read(textOf(bytes)),
});

const address = text(
  'address',
  [
    '/ip4/203.0.113.7/tcp/443/tls/ws',
    '/ip6/2001:db8::1/tcp/1',
    '/dns4/relay.example.org/tcp/443/wss/p2p/12D3KooWAAAAAAAAAAAAAAAAAAAAAA',
    '/memory/a',
  ],
  (said) => {
    const read = parseAddress(said);
    if (isRefusal(read)) return word(read);
    const inRange = read.transport === 'memory' || (read.port >= 1 && read.port <= 65535);
    holds(inRange && read.host.length <= 253 && (read.prefix === undefined || read.public), 'address: out of bounds');
    return `${read.transport} ${read.public}`;
  },
);

const anchors = text(
  'anchors',
  [`{"anchors":[{"id":"${'a1'.repeat(32)}","addresses":["/memory/a"],"family":"x"}]}`, '{"anchors":[]}'],
  (said) => {
    const read = parseAnchors(said);
    return isRefusal(read) ? (read.detail ?? '') : 'taken';
  },
);

/** Read twice, once as it came and once as it is written by whoever took it. */
const link = (seed: string): Choice =>
  text('link', [seed, `https://example.org/#${seed}`], (said) => {
    const read = readLink(said, 0);
    if ('refused' in read) return read.refused;
    holds(!('refused' in readLink(read.link, 0)), 'link: not taken again');
    return 'taken';
  });

const name = text('name', ['Ana', ' \u202eAna\u0000\n'], (said) => {
  const clean = cleanName(said);
  holds(cleanName(clean) === clean && Array.from(clean).length <= 64, 'name: not clean once cleaned');
  return clean === '' ? 'empty' : 'taken';
});

const config = text(
  'config',
  ['state = "a"\nlisten = "127.0.0.1:0"\nroles = ["guard"]\n[limits]\ncircuits = 3\n', 'state = 1'],
  (said) => word(parseConfig(said)).split(/["\n]/)[0] ?? '',
);

const vault = newVaultFromKey(new Uint8Array(32).fill(1), seededRandom(1));
const sealed: Choice = {
  name: 'sealed record',
  seeds: [vault.seal(utf8('kept'), 'a')],
  read: (bytes) => (vault.open(bytes, 'a') === undefined ? 'refused' : 'taken'),
};

const chunk: Choice = {
  name: 'chunk',
  seeds: [
    encodeChunk([]),
    encodeChunk([
      ['a', utf8('b')],
      ['c', null],
    ]),
  ],
  read(bytes) {
    const read = decodeChunk(bytes);
    if (read === undefined) return 'refused';
    const again = decodeChunk(encodeChunk(read));
    holds(again?.length === read.length && again.every(([key], i) => key === read[i]?.[0]), 'chunk: not the same again');
    return `${Math.min(read.length, 3)}`;
  },
};

const kept: Choice = {
  name: 'directory that was kept',
  seeds: [joinDirectory([utf8('one'), utf8('two')])],
  read(bytes) {
    const parts = splitDirectory(bytes);
    const again = splitDirectory(joinDirectory(parts));
    holds(
      again.length === parts.length && again.every((part, i) => equal(part, parts[i] ?? new Uint8Array(1))),
      'directory: not the same again',
    );
    return `${Math.min(parts.length, 3)}`;
  },
};

const guards: Choice = {
  name: 'guards that were kept',
  seeds: [utf8('[]'), utf8('[{"id":"a","addresses":[],"until":1,"listed":2}]')],
  read: (bytes) => `${Math.min(readGuards(bytes).length, 2)}`,
};

export function textTargets(vectors: {
  readonly cases: readonly { readonly name: string; readonly frame: Bytes }[];
}): readonly PageTarget[] {
  const seed = vectors.cases.find((one) => one.name === 'invite-link')?.frame ?? new Uint8Array(0);
  return [oneOf('texts', [address, anchors, link(fromUtf8(seed)), name, config]), oneOf('kept', [sealed, chunk, kept, guards])];
}
