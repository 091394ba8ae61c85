/** Vectors of entries, updates, receipts and batches (docs/protocol.md §8.3, §8.4). */
import { concat, idBytes, isRefusal, refuse, type Bytes, type Refusal } from '../../src/base/index.ts';
import { decodeEntry, encodeEntry } from '../../src/chat/index.ts';
import { Replica } from '../../src/replica/index.ts';
import { fillBatches, makeReceipt, readBatch, readReceipt } from '../../src/room/batches.ts';
import { BatchSchema, encode } from '../../src/wire/index.ts';
import { at, reader, taken, type Case } from './case.ts';
import { ana, anaPrekey, ben, created, NOW, room } from './people.ts';

const { persona } = ana;
const sign = (purpose: string, body: Uint8Array): Bytes => persona.signLight(purpose, body);
const rights = { keysetOf: () => persona.deviceKeyset, cutOf: () => undefined };

const entry = encodeEntry({ say: { text: 'Good evening.' } });
const profile = encodeEntry({ profile: { name: 'Ana' } });
const replica = new Replica({ room, me: persona.device, signLight: sign });
const first = replica.append(entry, NOW);
const second = replica.append([profile, entry], NOW + 1000);

/** Reads an update at a reader who has those before it: its entries, joined. */
const readUpdate =
  (before: readonly Bytes[]) =>
  (frame: Bytes): Bytes | Refusal => {
    const held = new Replica({ room, me: ben.persona.device, signLight: () => new Uint8Array(64) });
    for (const update of before) taken(held.accept(update, rights));
    const read = held.accept(frame, rights);
    if (isRefusal(read)) return read;
    return 'waiting' in read ? refuse('waiting') : concat(...read.entries.map((record) => record.entry));
  };

/** Entries, and the updates that bring them. */
function updates(): Case[] {
  const given = { room: idBytes(room), author: 'ana, certificate/ana', segment: 0 };
  const head = at(replica.heads(), 0);
  return [
    { name: 'entry/say', section: '8.3', given: { text: 'Good evening.' }, frame: entry, read: reader(decodeEntry, encodeEntry) },
    { name: 'entry/profile', section: '8.3', given: { name: 'Ana' }, frame: profile, read: reader(decodeEntry, encodeEntry) },
    {
      name: 'update/first',
      section: '8.3',
      given: { ...given, seq: 0, hlc: `${first.record.hlc}`, entries: [entry] },
      frame: first.update,
      read: readUpdate([]),
      reads: entry,
    },
    {
      name: 'update/second',
      section: '8.3',
      given: { ...given, seq: 1, hlc: `${second.record.hlc}`, previous: 'hash of update/first', entries: [profile, entry] },
      derived: { hash: idBytes(head.hash) },
      frame: second.update,
      read: readUpdate([first.update]),
      reads: concat(profile, entry),
    },
  ];
}

/** A receipt, and a batch with all that one can hold but operations. */
function told(): Case[] {
  const heads = replica.heads();
  const head = at(heads, 0);
  const receipt = makeReceipt({ room, device: persona.device, heads, read: [], prekey: anaPrekey, signLight: sign });
  const state = { heads, operations: [created.hash] };
  const batch = at(fillBatches({ updates: [first.update, second.update], receipt, state }), 0);
  const shownHeads = [{ device: idBytes(head.device), segment: head.segment, seq: head.seq, hash: idBytes(head.hash) }];
  return [
    {
      name: 'receipt',
      section: '8.4',
      given: { room: idBytes(room), device: idBytes(persona.device), heads: shownHeads, prekey: anaPrekey },
      frame: receipt,
      read: reader(
        (frame) => readReceipt(frame, room, persona.device, persona.deviceKeyset),
        (read) => concat(...read.heads.map((one) => idBytes(one.hash))),
      ),
      reads: idBytes(head.hash),
    },
    {
      name: 'batch',
      section: '8.4',
      given: {
        updates: ['frame of update/first', 'frame of update/second'],
        receipt: 'frame of receipt',
        state: { heads: shownHeads, operations: [idBytes(created.hash)] },
      },
      frame: batch,
      read: reader(readBatch, (read) => encode(BatchSchema, read)),
    },
  ];
}

export const said = (): Case[] => [...updates(), ...told()];
