/** Vectors of what the last hop of a circuit hears and says, and of descriptors (docs/protocol.md §3 – §5, §7). */
import { concat, hash, idBytes, isRefusal, refuse, relayId, topicId, type Bytes } from '../../src/base/index.ts';
import { ed25519, kemOf, sha256, SUITE, type CircuitSuite } from '../../src/crypto/index.ts';
import { decodePage, encodeDirectoryRequest, encodePage, signDescriptor, verifyDescriptor } from '../../src/directory/index.ts';
import { Signer } from '../../src/identity/index.ts';
import {
  decodeBlob,
  decodePlace,
  decodePost,
  decodeStored,
  decodeSubscribe,
  encodeBlob,
  encodePlace,
  encodePost,
  encodeStored,
  encodeSubscribe,
  postSigned,
  subscribeSigned,
} from '../../src/mailbox/frames.ts';
import { topicOf, topicSeed } from '../../src/mailbox/index.ts';
import {
  decodeDestroy,
  decodeExtend,
  decodeParamsBack,
  decodeParamsOut,
  encodeExtend,
  encodeParamsBack,
  encodeParamsOut,
} from '../../src/onion/layouts.ts';
import { decodeRefused, encodeRefused } from '../../src/onion/index.ts';
import { fixed, reader, type Case } from './case.ts';

export function bodies({ create, created }: { readonly create: Bytes; readonly created: Bytes }): Case[] {
  const next = relayId(fixed('next-relay', 32));
  const extend = encodeExtend({ relay: next, create });
  const refused = encodeRefused({ code: 5, retryAfter: 3600 });
  return [
    {
      name: 'body/extend',
      section: '4.3',
      given: { relay: idBytes(next), create: 'frame of handshake/create' },
      frame: extend,
      read: reader(decodeExtend, encodeExtend),
    },
    { name: 'body/extended', section: '4.3', given: { created: 'frame of handshake/created' }, frame: created, read: (frame) => frame },
    {
      name: 'body/refused',
      section: '4.3',
      given: { code: 5, retryAfter: 3600 },
      frame: refused,
      read: reader(decodeRefused, encodeRefused),
    },
    {
      name: 'body/params-out',
      section: '4.1',
      given: { delayClass: 1 },
      frame: encodeParamsOut({ delayClass: 1 }),
      read: reader(decodeParamsOut, encodeParamsOut),
    },
    {
      name: 'body/params-back',
      section: '4.1',
      given: { time: 1_795_219_200, window: 512 },
      frame: encodeParamsBack({ time: 1_795_219_200, window: 512 }),
      read: reader(decodeParamsBack, encodeParamsBack),
    },
    {
      name: 'body/destroy',
      section: '3',
      given: { reason: 1 },
      frame: Uint8Array.of(1),
      read: reader(
        (frame) => decodeDestroy(frame),
        (read) => Uint8Array.of(read),
      ),
    },
  ];
}

export function mailbox(bind: Bytes): Case[] {
  const address = fixed('address', 32);
  const mailboxId = relayId(fixed('mailbox', 32));
  const seed = topicSeed(address, mailboxId);
  const topic = topicOf(seed);
  const blob = fixed('blob', 890);
  const blobIs = 'SHAKE256("sotto/vectors/blob"), 890 bytes';
  const stored = { hash: hash(sha256(blob)), instance: 7, cursor: 1_795_219_200_000n };
  const place = { topic, instance: 7, cursor: 5n };
  const sig = ed25519.sign(seed, postSigned(topic, sha256(blob)));
  const asked = ed25519.sign(seed, subscribeSigned(bind, place));
  const pushed = { topic, instance: 7, after: 5n, cursor: 6n, blob };
  return [
    {
      name: 'topic',
      section: '7',
      given: { address, mailbox: idBytes(mailboxId) },
      derived: { seed },
      frame: idBytes(topic),
      read: (frame) => idBytes(topicId(frame)),
    },
    {
      name: 'body/post',
      section: '7',
      given: { topicSeed: seed, blob: blobIs },
      frame: encodePost({ topic, signature: sig, blob }),
      read: (frame) => {
        const read = decodePost(frame);
        if (isRefusal(read)) return read;
        const good = ed25519.verify(idBytes(read.topic), postSigned(read.topic, sha256(read.blob)), read.signature);
        return good ? encodePost(read) : refuse('signature');
      },
    },
    {
      name: 'body/stored',
      section: '7',
      given: { blob: blobIs, instance: 7, cursor: 1_795_219_200_000 },
      frame: encodeStored(stored),
      read: reader(decodeStored, encodeStored),
    },
    {
      name: 'body/subscribe',
      section: '7',
      given: { topicSeed: seed, bind, instance: 7, after: 5 },
      frame: encodeSubscribe(place, asked),
      read: (frame) => {
        const read = decodeSubscribe(frame);
        if (isRefusal(read)) return read;
        const good = ed25519.verify(idBytes(read.topic), subscribeSigned(bind, read), read.signature);
        return good ? encodeSubscribe(read, read.signature) : refuse('signature');
      },
    },
    {
      name: 'body/blob',
      section: '7',
      given: { topic: idBytes(topic), instance: 7, after: 5, cursor: 6, blob: blobIs },
      frame: encodeBlob(pushed),
      read: reader(decodeBlob, encodeBlob),
    },
    {
      name: 'body/caught-up',
      section: '7',
      given: { topic: idBytes(topic), instance: 7, cursor: 5 },
      frame: encodePlace(place),
      read: reader(decodePlace, encodePlace),
    },
  ];
}

export function directory(): Case[] {
  const seed = fixed('relay-root', 64);
  const validFrom = 1_795_219_200;
  const fields = {
    addresses: ['/ip4/203.0.113.7/tcp/443/tls/ws', '/dns4/relay.example/tcp/9000'],
    roles: { guard: true, middle: true, mailbox: false },
    family: 'example',
    delayClasses: [0, 20, 500],
    validFrom,
    validUntil: validFrom + 10_800,
    version: 'sotto/0.1',
  };
  const root = new Signer(seed);
  const described = (suite: CircuitSuite): Case => {
    const end = suite === SUITE ? '' : `-suite-${suite}`;
    return {
      name: suite === SUITE ? 'descriptor' : `descriptor/suite-${suite}`,
      section: '5',
      given: { rootSeed: seed, ...fields, suite, onionKey: `that of handshake/create${end}` },
      frame: signDescriptor(root, { ...fields, suite, onionKey: kemOf(suite).keygen(fixed('onion-key', 32)).publicKey }),
      read: reader(
        (frame) => verifyDescriptor(frame, validFrom + 60),
        (read) => concat(idBytes(read.id), Uint8Array.of(read.suite)),
      ),
      reads: concat(sha256(root.keyset), Uint8Array.of(suite)),
    };
  };
  const [descriptor, higher] = [described(3), described(5)];
  const page = encodePage({ next: 0x12345678, descriptors: [descriptor.frame] });
  return [
    descriptor,
    higher,
    {
      name: 'body/directory-request',
      section: '4.3',
      given: { cursor: 0x12345678 },
      frame: encodeDirectoryRequest(0x12345678),
      read: (frame) => frame,
    },
    {
      name: 'body/directory',
      section: '4.3',
      given: { next: 0x12345678, descriptors: ['frame of descriptor'] },
      frame: page,
      read: reader(decodePage, encodePage),
    },
  ];
}
