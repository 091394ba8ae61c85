/** Vectors of direct links: frames of /sotto/direct/1, and a receipt that says where a device is found (docs/protocol.md §6.1). */
import { concat, fromHex, idBytes, isRefusal, relayId, toHex, topicId, u32, type Bytes, type Refusal } from '../../src/base/index.ts';
import { DirectFrameReader, encodeBlobFrame, encodeTakenFrame, type DirectFrame } from '../../src/link/direct-frames.ts';
import type { DirectId } from '../../src/link/index.ts';
import { blobSizes } from '../../src/mailbox/index.ts';
import { makeReceipt, readReceipt } from '../../src/room/batches.ts';
import { readPresence, wirePresence } from '../../src/room/presence.ts';
import { create, decodeStrict, DirectPresenceSchema, encode } from '../../src/wire/index.ts';
import { at, fixed, reader, type Case } from './case.ts';
import { ana, NOW, room } from './people.ts';
import type { Refused } from './refusals.ts';

const topic = topicId(fixed('direct/topic', 32));
const blob = fixed('direct/blob', 890);
const key = fixed('direct/key', 32);
const relays = [fixed('direct/relay/0', 32), fixed('direct/relay/1', 32)];
const presence = { id: toHex(key) as DirectId, relays: relays.map(relayId), at: NOW };

/** What frames say, each after the other. */
const readFrames = (bytes: Uint8Array): Bytes | Refusal => {
  const frames = new DirectFrameReader(blobSizes).read(bytes);
  return isRefusal(frames) ? frames : concat(...frames.map(shape));
};
const shape = (frame: DirectFrame): Bytes => ('taken' in frame ? u32(frame.taken) : concat(idBytes(frame.topic), frame.blob));

export function direct(): Case[] {
  const { persona } = ana;
  const receipt = makeReceipt({
    room,
    device: persona.device,
    heads: [],
    read: [],
    direct: presence,
    signLight: (purpose, body) => persona.signLight(purpose, body),
  });
  return [
    {
      name: 'direct/blob',
      section: '6.1',
      given: { topic: idBytes(topic), blob },
      frame: encodeBlobFrame(topic, blob),
      read: readFrames,
      reads: concat(idBytes(topic), blob),
    },
    { name: 'direct/taken', section: '6.1', given: { taken: 16 }, frame: encodeTakenFrame(16), read: readFrames, reads: u32(16) },
    {
      name: 'receipt/direct',
      section: '6.1',
      given: { room: idBytes(room), device: idBytes(persona.device), key, relays, at: NOW },
      frame: receipt,
      read: reader(
        (frame) => readReceipt(frame, room, persona.device, persona.deviceKeyset),
        ({ direct: read }) => concat(fromHex(read?.id ?? ''), ...(read?.relays ?? []).map(idBytes)),
      ),
      reads: concat(key, ...relays),
    },
  ];
}

export function directRefusals(): Refused[] {
  const said = (fields: Parameters<typeof create<typeof DirectPresenceSchema>>[1]): Bytes =>
    encode(DirectPresenceSchema, create(DirectPresenceSchema, fields));
  const readSaid = (frame: Bytes): unknown => {
    const read = decodeStrict(DirectPresenceSchema, frame);
    return isRefusal(read) ? read : readPresence(read);
  };
  const { at: time } = wirePresence(presence);
  const short = encodeBlobFrame(topic, blob.subarray(1));
  return [
    { name: 'direct/no-blob-has-this-size', section: '6.1', rule: 'n is one of the sizes of sealed blobs', frame: short, read: readFrames },
    { name: 'direct/empty', section: '6.1', rule: 'a frame is BLOB or TAKEN', frame: u32(0), read: readFrames },
    {
      name: 'direct/topic-alone',
      section: '6.1',
      rule: 'a frame is BLOB or TAKEN',
      frame: concat(u32(32), idBytes(topic)),
      read: readFrames,
    },
    {
      name: 'direct/short-key',
      section: '6.1',
      rule: 'the key has 32 bytes or none',
      frame: said({ key: key.slice(1), at: time }),
      read: readSaid,
    },
    {
      name: 'direct/five-relays',
      section: '6.1',
      rule: 'at most four relays',
      frame: said({ key, relays: Array.from({ length: 5 }, () => at(relays, 0)), at: time }),
      read: readSaid,
    },
    {
      name: 'direct/withdrawn-and-found',
      section: '6.1',
      rule: 'no relays without a key',
      frame: said({ relays, at: time }),
      read: readSaid,
    },
  ];
}
