/**
 * Every frame type, each with a valid frame and the door that reads it (the vectors bring both), and what must become of it when it is
 * changed. A message of src/wire that no row names fails the test.
 *
 *   whole     signed or sealed: whatever is changed, cut off or added is refused
 *   carried   inside something that is: what is changed is refused, or read as something else; never as the same, and never with a throw
 *   cell      1024 bytes each, cut by the link: changed as above, and never of another length (src/link/control.test.ts, src/onion/frames.test.ts)
 */
import type { Case } from '../protocol-vectors/case.ts';

export type Kind = 'whole' | 'carried' | 'cell';

export interface Row {
  readonly kind: Kind;
  /** The messages of src/wire that make it up. */
  readonly wire?: readonly string[];
  /** Changed in every bit where it is not too long for that; else, as another frame of its type is, here and there. */
  readonly rare?: true;
}

export const rows: Readonly<Record<string, Row>> = {
  kdf: { kind: 'cell' },
  seal: { kind: 'whole' },
  'control/padding': { kind: 'cell' },
  'control/destroy': { kind: 'cell' },
  'control/describe': { kind: 'cell' },
  'control/created-form': { kind: 'cell' },
  'control/create': { kind: 'cell' },
  'handshake/create': { kind: 'whole' },
  'handshake/created': { kind: 'whole' },
  'handshake/create-suite-1': { kind: 'whole' },
  'handshake/created-suite-1': { kind: 'whole' },
  'handshake/create-suite-5': { kind: 'whole' },
  'handshake/created-suite-5': { kind: 'whole' },
  'layers/three': { kind: 'cell' },
  'message/empty': { kind: 'cell' },
  'message/full': { kind: 'cell' },
  'message/three-cells': { kind: 'cell' },
  'body/extend': { kind: 'carried' },
  // Its length is CREATED's, which the handshake looks at.
  'body/extended': { kind: 'cell' },
  'body/refused': { kind: 'carried' },
  'body/params-out': { kind: 'carried' },
  'body/params-back': { kind: 'carried' },
  'body/destroy': { kind: 'carried' },
  topic: { kind: 'cell' },
  'body/post': { kind: 'whole' },
  'body/stored': { kind: 'carried' },
  'body/subscribe': { kind: 'whole' },
  'body/blob': { kind: 'carried' },
  'body/caught-up': { kind: 'carried' },
  descriptor: { kind: 'whole', wire: ['RelayDescriptor', 'Signed'] },
  'descriptor/suite-5': { kind: 'whole', wire: ['RelayDescriptor', 'Signed'] },
  'body/directory-request': { kind: 'cell' },
  'body/directory': { kind: 'carried', rare: true },
  'certificate/ana': { kind: 'whole', wire: ['Certificate', 'Signed'] },
  'certificate/ben': { kind: 'whole', rare: true },
  'certificate/cai': { kind: 'whole', rare: true },
  'operation/create': { kind: 'whole', wire: ['Operation', 'CreateOperation', 'RoomPolicy'], rare: true },
  'operation/invite': { kind: 'whole', wire: ['Operation', 'InviteOperation'] },
  'operation/admit': { kind: 'whole', wire: ['Operation', 'AdmitOperation'], rare: true },
  'operation/remove': { kind: 'whole', wire: ['Operation', 'RemoveOperation', 'DeviceCut', 'UpdateCut'], rare: true },
  rotate: { kind: 'whole', wire: ['Rotate', 'RotateBody', 'RotateCore', 'EpochBody', 'Signed'] },
  'blob/update': { kind: 'whole' },
  'blob/rotation': { kind: 'whole' },
  'blob/invite': { kind: 'whole', wire: ['Posted'] },
  'invite-link': { kind: 'whole' },
  welcome: { kind: 'whole', wire: ['Welcome', 'Admitter', 'Signed'] },
  join: { kind: 'whole', wire: ['Join', 'JoinCore', 'JoinBody', 'JoinProof'] },
  'notice/admitted': { kind: 'whole', wire: ['Notice', 'Signed'] },
  'notice/used': { kind: 'whole', rare: true },
  'notice/revoked': { kind: 'whole', rare: true },
  'entry/say': { kind: 'carried', wire: ['Entry', 'Say'] },
  'entry/profile': { kind: 'carried', wire: ['Entry', 'Profile'] },
  'update/first': { kind: 'whole', wire: ['SignedUpdate', 'Update'] },
  'update/second': { kind: 'whole' },
  receipt: { kind: 'whole', wire: ['Receipt', 'ReceiptBody', 'Head'] },
  'receipt/direct': { kind: 'whole', wire: ['Receipt', 'DirectPresence'] },
  batch: { kind: 'carried', wire: ['Batch', 'State', 'Head'] },
  // Lengths are those of the frame of the link that carries them.
  'direct/blob': { kind: 'cell' },
  'direct/taken': { kind: 'cell' },
};

/** Messages that are kept and never sent: read from nothing but what this device has sealed. */
export const stored: readonly string[] = [
  'Outgoing',
  'Post',
  'DeviceRecord',
  'RoomEntry',
  'PersonaSecrets',
  'EpochRecord',
  'PrekeyRecord',
  'RoomRecord',
  'Joining',
  'InviteRecord',
  'WelcomesRecord',
  'SeenJoin',
];

/** Parts of an operation or an entry that no vector has; each of them travels as those above do. */
export const parts: Readonly<Record<string, string>> = {
  RevokeOperation: 'operation/invite',
  RoleOperation: 'operation/invite',
  PrekeyOperation: 'operation/invite',
  LeaveOperation: 'operation/invite',
  DecideOperation: 'operation/invite',
  RoomName: 'entry/profile',
  Place: 'entry/say',
};

/** Longer than this a frame is changed in one bit of each byte. bytes */
export const EVERY_BIT = 2048;

/** Which bits of a frame are changed. */
export function* bitsOf({ name, frame }: Case, chance: () => number, all: boolean): Generator<number> {
  const { rare = false } = rows[name] ?? {};
  const isDense = all || frame.length <= EVERY_BIT || name === 'operation/invite';
  for (let byte = 0; byte < frame.length; byte += rare && !all ? 16 : 1) {
    if (isDense && !rare) for (let bit = 0; bit < 8; bit++) yield 8 * byte + bit;
    else yield 8 * byte + (chance() & 7);
  }
}
