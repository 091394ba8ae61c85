/** What lies within a seal or behind other checks: the fuzzer writes the inside, and the seal is put around it here. */
import { Counters, concat, equal, isRefusal, relayId, roomId, type Bytes } from '../../../src/base/index.ts';
import { seededRandom } from '../../../src/base/testing.ts';
import { aeadSeal, kdf, purpose } from '../../../src/crypto/index.ts';
import { decodePage, encodePage, Directory } from '../../../src/directory/index.ts';
import { topics, type Address } from '../../../src/keyring/index.ts';
import { BlobKind, openHeader, sealBlob, unchained } from '../../../src/keyring/blob.ts';
import { EpochSecret } from '../../../src/keyring/epoch-secret.ts';
import { openEpochBody } from '../../../src/keyring/rotate.ts';
import { readSlices, SLICE_BYTES } from '../../../src/keyring/slices.ts';
import { openDocument, pushEntries, readAppend, SEGMENT_ENTRIES } from '../../../src/replica/append.ts';
import { openPosted, sealPosted } from '../../../src/room/invite-post.ts';
import { MembershipLog } from '../../../src/room/log.ts';
import { create, encode, EpochBodySchema, PostedSchema } from '../../../src/wire/index.ts';
import { holds, inPieces, oneOf, pieces, word, type Choice, type PageTarget } from './target.ts';

const random = seededRandom(1);
const address: Address = { secret: random.bytes(32), mailboxes: [relayId(random.bytes(32)), relayId(random.bytes(32))] };
const [{ id: topic }] = topics(address);
const room = roomId(new Uint8Array(32).fill(2));
const LONGEST_TEXT = 62_904;

/** The 48 bytes of a blob's header. */
const header: Choice = {
  name: 'header',
  seeds: [
    Uint8Array.of(1, 1, ...new Uint8Array(28), 0, 0, 0, 9),
    Uint8Array.of(1, 0, ...new Uint8Array(24).fill(3), 0, 0, 0, 5, 0, 0, 2, 0),
  ],
  read(bytes) {
    const clear = new Uint8Array(48);
    clear.set(bytes.subarray(0, 48));
    const nonce = new Uint8Array(24);
    const sealed = aeadSeal(kdf('header', 32, address.secret), nonce, purpose('header', topicBytes()), clear);
    const read = openHeader(address.secret, topic, concat(nonce, sealed, new Uint8Array(890 - 24 - 64)));
    return isRefusal(read) ? word(read) : `kind ${read.kind}`;
  },
};
const topicBytes = (): Bytes => Uint8Array.from(Buffer.from(topic, 'hex'));

/** What is posted at an invite's address. */
const invite = { address, welcomeKey: new Uint8Array(32).fill(6) };
const posted: Choice = {
  name: 'posted',
  seeds: [encode(PostedSchema, create(PostedSchema, { what: { case: 'welcome', value: new Uint8Array(40).fill(1) } }))],
  read(bytes) {
    const text = bytes.subarray(0, LONGEST_TEXT);
    const blob = sealBlob(address.secret, topic, unchained(BlobKind.INVITE), invite.welcomeKey, text, random);
    const read = openPosted(invite, topic, blob);
    if (isRefusal(read)) return word(read);
    const [again] = sealPosted(invite, read, seededRandom(2));
    const back = openPosted(invite, topic, again?.blob ?? blob);
    holds(!isRefusal(back) && back.kind === read.kind && equal(back.signed, read.signed), 'posted: not the same again');
    return read.kind;
  },
};

const epochBody: Choice = {
  name: 'epoch body',
  seeds: [
    encode(
      EpochBodySchema,
      create(EpochBodySchema, { address: new Uint8Array(32).fill(1), mailboxes: [new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)] }),
    ),
  ],
  read(bytes) {
    const secret = new EpochSecret(new Uint8Array(32).fill(8));
    return word(openEpochBody(secret, room, secret.seal('epoch-body', Uint8Array.from(Buffer.from(room, 'hex')), bytes)));
  },
};

/** Devices and prekeys of slices; their sealed parts are filled in. */
const slices: Choice = {
  name: 'slices',
  seeds: [Uint8Array.of(1, 2), new Uint8Array(0)],
  read(bytes) {
    const all = new Uint8Array(bytes.length * SLICE_BYTES);
    bytes.forEach((byte, i) => (all[i * SLICE_BYTES] = byte));
    const read = readSlices(bytes.length % 7 === 6 ? all.subarray(1) : all);
    if (isRefusal(read)) return word(read);
    holds(read.length === bytes.length && read.every(({ device }, i) => i === 0 || device > (read[i - 1]?.device ?? '')), 'slices: order');
    return `${Math.min(read.length, 3)} slices`;
  },
};

const CLIENT = 77;

function appendSeeds(): Bytes[] {
  const document = openDocument([]);
  const first = pushEntries(document, CLIENT, [new Uint8Array(3).fill(1), new Uint8Array(0)]);
  const second = pushEntries(document, CLIENT, [new Uint8Array(200).fill(2)]);
  return [first, second].map((update) => new Uint8Array(update));
}

/** An update of a Yjs document. What is taken is an append, which a document then takes as it is. */
const append: Choice = {
  name: 'append',
  seeds: appendSeeds(),
  read(bytes) {
    const read = readAppend(bytes, CLIENT);
    if (isRefusal(read)) return word(read);
    holds(read.entries.length >= 1 && read.entries.length <= SEGMENT_ENTRIES, 'append: too many entries');
    if (read.first !== 0) return 'later';
    const document = openDocument([bytes]);
    const held = document.getArray<Uint8Array>('entries').toArray();
    const same = held.length === read.entries.length && held.every((entry, i) => equal(entry, read.entries[i] ?? new Uint8Array(0)));
    holds(same, 'append: the document holds something else');
    return 'first';
  },
};

/** A page of the directory, and what it brings into one. */
function directory(descriptors: readonly Bytes[]): Choice {
  return {
    name: 'directory',
    seeds: [encodePage({ next: 0, descriptors: [] }), encodePage({ next: 7, descriptors: descriptors.slice(0, 1) })],
    read(bytes) {
      const page = decodePage(bytes);
      if (isRefusal(page)) return word(page);
      holds(equal(encodePage(page), bytes), 'directory: written otherwise than it was read');
      const counters = new Counters();
      const known = new Directory({ now: () => 1_795_219_200, trusted: new Set(), counters });
      for (const one of page.descriptors) known.add(one);
      const refused = Object.values(counters.all()).reduce((sum, n) => sum + n, 0);
      holds(refused + known.list().length <= page.descriptors.length, 'directory: counted twice');
      return `${page.descriptors.length} ${Object.keys(counters.all()).join(' ')}`;
    },
  };
}

/** Operations from anybody, one after another. Whatever was taken is a state, and the same in another order. */
function log(operations: readonly Bytes[]): PageTarget {
  return {
    name: 'log',
    fixed: 0,
    seeds: [inPieces(operations.slice(0, 1)), inPieces(operations)],
    read(bytes) {
      const all = pieces(bytes).slice(0, 12);
      const [one, other] = [new MembershipLog(), new MembershipLog()];
      const words = all.map((operation) => word(one.add(operation)));
      for (const operation of one.operations()) other.add(operation);
      const heads = (of: MembershipLog): string => of.heads().toSorted().join();
      holds(heads(one) === heads(other), 'log: other heads when it is read again');
      if (one.operations().length > 0)
        holds(one.state().members.size === other.state().members.size, 'log: other members when it is read again');
      return words.at(-1) ?? '';
    },
  };
}

export function insideTargets(vectors: {
  readonly cases: readonly { readonly name: string; readonly frame: Bytes }[];
}): readonly PageTarget[] {
  const framesOf = (name: string): Bytes[] => vectors.cases.filter((one) => one.name.startsWith(name)).map(({ frame }) => frame);
  return [oneOf('inside', [header, posted, epochBody, slices, append, directory(framesOf('descriptor'))]), log(framesOf('operation/'))];
}
