import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, deviceId, isRefusal, personaId, type DeviceId, type PersonaId } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { hlcAt, type EntryRecord } from '../replica/index.ts';
import { create, encode, EntrySchema } from '../wire/index.ts';
import { ChatView, cleanName, decodeEntry, encodeEntry, TEXT_BYTES, type Entry } from './index.ts';

const seed = testSeed();
const devices = [1, 2, 3].map((n) => deviceId(new Uint8Array(16).fill(n)));
const people = [1, 2, 3].map((n) => personaId(new Uint8Array(32).fill(n)));
const [ada, bo] = [people[0], people[1]] as [PersonaId, PersonaId];
const at = (i: number): DeviceId => devices[i] ?? deviceId(new Uint8Array(16));

const place = fc.record({ device: fc.constantFrom(...devices), segment: fc.nat(2), position: fc.nat(5) });
const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => cleanName(text) !== '');
const entries: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ say: fc.oneof(fc.record({ text: fc.string() }), fc.record({ text: fc.string(), replyTo: place })) }),
  fc.record({ profile: fc.record({ name }) }),
  fc.record({ roomName: fc.record({ name }) }),
);

/** A room's entries: each device's places are its own, times may be the same. */
const room = fc.array(fc.tuple(fc.nat(2), fc.nat(6), entries), { maxLength: 40, size: 'max' }).map((all) =>
  all.map(([device, time, entry], i): { record: EntryRecord; author: PersonaId } => ({
    record: {
      id: `${at(device)}/0/${i}`,
      device: at(device),
      segment: 0,
      position: i,
      hlc: hlcAt(1_000_000 + time),
      entry: encodeEntry(entry),
      update: { segment: 0, seq: i },
    },
    author: people[device] ?? ada,
  })),
);

const shown = (view: ChatView): unknown => [
  view.timeline(),
  view.renames(),
  view.roomName(),
  people.map((persona) => view.nameOf(persona)),
];

function viewOf(all: readonly { record: EntryRecord; author: PersonaId }[]): ChatView {
  const view = new ChatView();
  for (const { record, author } of all) view.add(record, author);
  return view;
}

describe('entries', () => {
  it('read back as they were written', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const read = decodeEntry(encodeEntry(entry));
        expect(isRefusal(read)).toBe(false);
        if (!isRefusal(read)) expect(encodeEntry(read)).toEqual(encodeEntry(entry));
      }),
      { seed },
    );
  });

  it('hold a text up to its limit', () => {
    const text = 'é'.repeat(TEXT_BYTES / 2);
    expect(decodeEntry(encodeEntry({ say: { text } }))).toEqual({ say: { text } });
    expect(() => encodeEntry({ say: { text: `${text}x` } })).toThrow(RangeError);
    expect(() => encodeEntry({ profile: { name: '\u202e ' } })).toThrow(RangeError);
    const long = encode(EntrySchema, create(EntrySchema, { what: { case: 'say', value: { text: `${text}x` } } }));
    expect(decodeEntry(long)).toMatchObject({ refused: 'too-long' });
  });

  it.each([
    ['nothing', new Uint8Array(0), 'malformed'],
    ['no name', encode(EntrySchema, create(EntrySchema, { what: { case: 'profile', value: { name: '\u0000' } } })), 'empty-name'],
    [
      'a short device',
      encode(EntrySchema, create(EntrySchema, { what: { case: 'say', value: { replyTo: { device: new Uint8Array(15) } } } })),
      'malformed',
    ],
    ['a byte more', concat(encodeEntry({ say: { text: 'x' } }), Uint8Array.of(0)), 'malformed'],
    ['two kinds', concat(encodeEntry({ say: { text: 'x' } }), encodeEntry({ profile: { name: 'x' } })), 'not-canonical'],
  ])('refuse %s', (_what, bytes, word) => expect(decodeEntry(bytes)).toMatchObject({ refused: word }));

  it('never throw on bytes from elsewhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void decodeEntry(bytes)),
      { seed },
    );
  });
});

describe('names', () => {
  it.each([
    ['Ada', 'Ada'],
    ['  Ada \n\t Lovelace ', 'Ada Lovelace'],
    ['\u202eadA\u202c', 'adA'],
    ['\u2066Ada\u2069\u200e', 'Ada'],
    ['A\u0000d\u007fa\u0085', 'Ada'],
    ['A\u200bda\ufeff', 'Ada'],
    ['👩‍🚀', '👩‍🚀'],
    ['\ud800', ''],
    ['😀'.repeat(70), '😀'.repeat(64)],
  ])('%j is shown as %j', (given, clean) => expect(cleanName(given)).toBe(clean));

  it('stay as they are once clean', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(cleanName(cleanName(text))).toBe(cleanName(text));
      }),
      { seed },
    );
  });

  it('are cleaned when read, too', () => {
    const raw = encode(EntrySchema, create(EntrySchema, { what: { case: 'roomName', value: { name: '\u202eroom' } } }));
    expect(decodeEntry(raw)).toEqual({ roomName: { name: 'room' } });
  });
});

describe('the view', () => {
  it('is the same whatever the order, with repeats, and shows each message once', () => {
    fc.assert(
      fc.property(
        room.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }))),
        ([all, order]) => {
          const view = viewOf(order);
          expect(shown(view)).toEqual(shown(viewOf(all)));
          const says = all.filter(({ record }) => 'say' in (decodeEntry(record.entry) as Entry));
          expect(
            view
              .timeline()
              .map(({ id }) => id)
              .toSorted(),
          ).toEqual(says.map(({ record }) => record.id).toSorted());
        },
      ),
      { seed },
    );
  });

  it('shows the same when read between additions', () => {
    fc.assert(
      fc.property(room, (all) => {
        const view = new ChatView();
        for (const { record, author } of all) {
          view.add(record, author);
          view.timeline();
        }
        expect(shown(view)).toEqual(shown(viewOf(all.toReversed())));
      }),
      { seed },
    );
  });

  it('forgets what is taken away', () => {
    fc.assert(
      fc.property(room, fc.func(fc.boolean()), (all, stays) => {
        const view = viewOf(all);
        view.remove(all.filter(({ record }) => !stays(record.id)).map(({ record }) => record.id));
        expect(shown(view)).toEqual(shown(viewOf(all.filter(({ record }) => stays(record.id)))));
      }),
      { seed },
    );
  });

  it('keeps the array of messages until one is added', () => {
    const view = viewOf(fc.sample(room, { seed, numRuns: 1 })[0] ?? []);
    const before = view.timeline();
    expect(view.timeline()).toBe(before);
    view.add({ ...base(99), entry: encodeEntry({ say: { text: 'new' } }) }, ada);
    expect(view.timeline()).not.toBe(before);
  });

  it('orders by time, then device, then place; the last name counts', () => {
    const view = new ChatView();
    view.add({ ...base(2, 1), entry: encodeEntry({ roomName: { name: 'Second' } }) }, bo);
    view.add({ ...base(1), entry: encodeEntry({ roomName: { name: 'First' } }) }, ada);
    expect(view.roomName()).toEqual({ name: 'Second', by: bo });
    expect(view.renames().map((rename) => rename.name)).toEqual(['First', 'Second']);
    view.add({ ...base(5, 1), entry: encodeEntry({ profile: { name: 'Bo' } }) }, bo);
    view.add({ ...base(4, 1), entry: encodeEntry({ profile: { name: 'Before' } }) }, bo);
    expect([view.nameOf(bo), view.nameOf(ada)]).toEqual(['Bo', undefined]);
  });
});

function base(position: number, device = 0): Omit<EntryRecord, 'entry'> {
  return {
    id: `${at(device)}/0/${position}`,
    device: at(device),
    segment: 0,
    position,
    hlc: hlcAt(1_000_000 + position),
    update: { segment: 0, seq: position },
  };
}
