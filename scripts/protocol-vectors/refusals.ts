/** Frames that a reader must refuse although they are nearly right: each breaks one rule of docs/protocol.md, which it names. */
import { concat, fromBase64url, idBytes, isRefusal, toBase64url, u32, utf8, type Bytes, type Refusal } from '../../src/base/index.ts';
import { aeadSeal, joinMessage, kdf, purpose, splitMessage } from '../../src/crypto/index.ts';
import { verifySigned } from '../../src/identity/index.ts';
import { BlobKind, topics, unchained } from '../../src/keyring/index.ts';
import { openHeader, sealBlob } from '../../src/keyring/blob.ts';
import { readRotate } from '../../src/keyring/rotate.ts';
import { readSlices } from '../../src/keyring/slices.ts';
import { ControlReader, ControlType, encodeControl } from '../../src/link/index.ts';
import { decodePost } from '../../src/mailbox/frames.ts';
import { MessageKind } from '../../src/onion/index.ts';
import { readLink } from '../../src/room/invite-link.ts';
import { readOperation } from '../../src/room/operation.ts';
import { at, Draws, fixed, taken, type Case } from './case.ts';
import { address, ana, ben, createSigned, HOUR, invite, room } from './people.ts';

/** A frame and the word with which this code refuses it. Another implementation may have other words. */
export interface Refused {
  readonly name: string;
  readonly section: string;
  readonly rule: string;
  readonly frame: Bytes;
  readonly read: (frame: Bytes) => unknown;
}

const CELL = 1024;
const changed = (frame: Bytes, place: number, value: number): Bytes => {
  const other = frame.slice();
  other[place] = value;
  return other;
};

function control(): Refused[] {
  const read = (frame: Bytes): unknown => new ControlReader().read(frame);
  const destroy = at(encodeControl(ControlType.DESTROY, 5, Uint8Array.of(1)), 0);
  const padding = at(encodeControl(ControlType.PADDING, 0, new Uint8Array(0)), 0);
  return [
    { name: 'control/padding-not-zero', section: '3', rule: 'unused bytes are zero', frame: changed(destroy, CELL - 1, 1), read },
    { name: 'control/unknown-type', section: '3', rule: 'types are 0 to 5', frame: changed(destroy, 8, 6), read },
    { name: 'control/part-beyond-parts', section: '3', rule: 'part is less than parts', frame: changed(destroy, 9, 1), read },
    {
      name: 'control/begins-in-the-middle',
      section: '3',
      rule: 'parts come in order',
      frame: changed(changed(destroy, 9, 1), 10, 2),
      read,
    },
    { name: 'control/padding-with-circuit', section: '3', rule: 'PADDING has circuit 0', frame: changed(padding, 15, 1), read },
  ];
}

function messages(): Refused[] {
  const read = (frame: Bytes): unknown =>
    joinMessage(Array.from({ length: frame.length / CELL }, (_, i) => frame.slice(i * CELL, (i + 1) * CELL)));
  const cells = splitMessage({ kind: MessageKind.POST, flags: 0, message: 1 }, 0, fixed('message/three-cells', 2000));
  const [first, second, third] = [at(cells, 0), at(cells, 1), at(cells, 2)];
  const three = [first, second, third].map((cell) => changed(cell, 8 + 18, 3));
  const empty = at(splitMessage({ kind: MessageKind.PING, flags: 0, message: 0 }, 0, new Uint8Array(0)), 0);
  return [
    { name: 'message/three-parts', section: '4.3', rule: 'parts is a power of two', frame: concat(...three), read },
    {
      name: 'message/too-many-parts',
      section: '4.3',
      rule: 'the smallest power of two that holds it',
      frame: concat(changed(empty, 26, 2), changed(changed(empty, 26, 2), 25, 1)),
      read,
    },
    { name: 'message/unknown-flag', section: '4.3', rule: 'flags other than bit 0 are zero', frame: changed(empty, 27, 2), read },
    { name: 'message/padding-not-zero', section: '4.3', rule: 'unused bytes are zero', frame: changed(empty, CELL - 1, 1), read },
  ];
}

function linkWith(change: (head: Bytes) => Bytes): Bytes {
  const head = change(fromBase64url(invite.link).slice(0, 134));
  return utf8(toBase64url(concat(head, kdf('invite/check', 4, head))));
}

function links(): Refused[] {
  const read = (frame: Bytes): unknown => readLink(new TextDecoder().decode(frame), HOUR);
  const sameTwice = linkWith((head) => concat(head.slice(0, 102), head.slice(70, 102)));
  return [
    {
      name: 'link/check',
      section: '8.5',
      rule: 'check matches',
      frame: utf8(toBase64url(changed(fromBase64url(invite.link), 137, 0))),
      read,
    },
    { name: 'link/one-mailbox', section: '8.5', rule: 'the two mailboxes differ', frame: sameTwice, read },
    { name: 'link/suite', section: '8.5', rule: 'suite is 3', frame: linkWith((head) => changed(head, 1, 5)), read },
    {
      name: 'link/expired',
      section: '8.5',
      rule: `it has not expired at hour ${HOUR}`,
      frame: linkWith((head) => concat(head.slice(0, 2), u32(HOUR), head.slice(6))),
      read,
    },
  ];
}

/** A blob of kind 1 whose header or size is not as it must be, sealed with the right keys. */
function blobWith(name: string, header: Bytes, size: number): Bytes {
  const nonce = new Draws(`refused/${name}`).bytes(24);
  const { id } = at(topics(address), 0);
  const sealed = aeadSeal(kdf('header', 32, address.secret), nonce, purpose('header', idBytes(id)), header);
  const body = aeadSeal(kdf('rotation', 32, address.secret), nonce, purpose('body', idBytes(id), sealed), new Uint8Array(size - 104));
  return concat(nonce, sealed, body);
}

function blobs(): Refused[] {
  const [first, second] = topics(address);
  const read = (frame: Bytes): unknown => openHeader(address.secret, first.id, frame);
  const header = (kind: number, epoch: number): Bytes => concat(Uint8Array.of(1, kind, epoch), new Uint8Array(45));
  const other = sealBlob(
    address.secret,
    second.id,
    unchained(BlobKind.ROTATION),
    kdf('rotation', 32, address.secret),
    utf8('text'),
    new Draws('refused/topic'),
  );
  return [
    {
      name: 'blob/too-large',
      section: '7.1',
      rule: 'the smallest size that holds the text',
      frame: blobWith('too-large', header(1, 0), 1876),
      read,
    },
    { name: 'blob/unknown-kind', section: '7.1', rule: 'kinds are 0, 1, 2', frame: blobWith('unknown-kind', header(3, 0), 890), read },
    {
      name: 'blob/epoch-in-kind-1',
      section: '7.1',
      rule: 'epoch, device and index are zero in kinds 1 and 2',
      frame: blobWith('epoch', header(1, 7), 890),
      read,
    },
    { name: 'blob/other-topic', section: '7.1', rule: 'a blob belongs to one topic', frame: other, read },
    { name: 'post/size', section: '7', rule: 'blobs have seven sizes', frame: fixed('post-of-a-wrong-size', 96 + 889), read: decodePost },
  ];
}

function signed(rotate: Case): Refused[] {
  const slices = rotate.frame.slice(-2 * 1192);
  const swapped = concat(slices.slice(1192), slices.slice(0, 1192));
  const operation = concat(createSigned, Uint8Array.of(0x20, 0));
  return [
    {
      name: 'operation/trailing-field',
      section: '1',
      rule: 'a message encodes to the same bytes again',
      frame: operation,
      read: readOperation,
    },
    {
      name: 'operation/of-another',
      section: '8.1',
      rule: 'signed by the device that it names',
      frame: ben.persona.sign('operation', taken(bodyOfCreate())),
      read: (frame) => verifySigned('operation', ana.persona.deviceKeyset, frame),
    },
    {
      name: 'operation/other-purpose',
      section: '1',
      rule: 'a signature is for one purpose',
      frame: ana.persona.sign('rotate', taken(bodyOfCreate())),
      read: (frame) => verifySigned('operation', ana.persona.deviceKeyset, frame),
    },
    { name: 'slices/descending', section: '8.2', rule: 'slices ascend by device', frame: swapped, read: readSlices },
    {
      name: 'rotate/slices-swapped',
      section: '8.2',
      rule: 'slices are those of the root, in order',
      frame: concat(rotate.frame.slice(0, -2 * 1192), swapped),
      read: (frame) => readRotate(frame, room, () => ana.persona.deviceKeyset),
    },
  ];
}

const bodyOfCreate = (): Bytes | Refusal => verifySigned('operation', ana.persona.deviceKeyset, createSigned);

/** `rotate`: the vector of that name. */
export const refusals = (rotate: Case): Refused[] => [...control(), ...messages(), ...links(), ...blobs(), ...signed(rotate)];

/** The word with which a frame is refused. Throws when it is not. */
export function wordOf({ name, frame, read }: Refused): string {
  const got = read(frame.slice());
  const refusal = isRefusal(got) ? got : undefined;
  if (refusal === undefined) throw new Error(`${name} was not refused`);
  return refusal.refused;
}
