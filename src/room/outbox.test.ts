import { describe, expect, it } from 'vitest';
import { Counters, deviceId, hash, relayId, type RelayId } from '../base/index.ts';
import { ManualClock } from '../base/testing.ts';
import { MailboxError, type Mailboxes, type Stored } from '../mailbox/index.ts';
import { memoryStore, type Records } from '../store/index.ts';
import { Outbox } from './outbox.ts';

const relays = [1, 2].map((n) => relayId(new Uint8Array(32).fill(n)));
const head = (seq: number) => ({ device: deviceId(new Uint8Array(16)), segment: 0, seq, hash: hash(new Uint8Array(32).fill(seq)) });
const sealed = relays.map((mailbox, n) => ({ topic: { mailbox, seed: new Uint8Array(32).fill(n) }, blob: Uint8Array.of(n, 9) }));

/** Mailboxes that hold what they are given, but for those that are silent. */
function mailboxes(silent: Set<RelayId>): Mailboxes & { readonly posted: RelayId[] } {
  const posted: RelayId[] = [];
  return {
    posted,
    post: (_isolation, { mailbox }): Promise<Stored> => {
      if (silent.has(mailbox)) return Promise.reject(new MailboxError('silent', 'silent'));
      posted.push(mailbox);
      return Promise.resolve({ instance: 1, cursor: 1n });
    },
    follow: () => ({ close: () => undefined }),
  };
}

function outbox(records: Records, boxes: Mailboxes, clock: ManualClock): { readonly box: Outbox; readonly sent: string[] } {
  const sent: string[] = [];
  const box = new Outbox({
    records,
    mailboxes: boxes,
    isolation: 'x',
    clock,
    counters: new Counters(),
    sent: (key) => void sent.push(key),
  });
  return { box, sent };
}

async function put(box: Outbox, records: Records): Promise<string> {
  const [key, value] = box.add(sealed, { after: head(1), upTo: head(3) });
  await records.commit({ put: [[key, value]] });
  return key;
}

describe('the outbox', () => {
  it('has sent what both mailboxes hold, and keeps nothing of it', async () => {
    const records = await memoryStore().open('aabbccdd');
    const clock = new ManualClock();
    const boxes = mailboxes(new Set());
    const { box, sent } = outbox(records, boxes, clock);
    const key = await put(box, records);
    expect([1, 2, 3, 4].map((seq) => box.isUnsent(0, seq))).toEqual([false, true, true, false]);
    box.send(key);
    await clock.advance(0);
    expect(boxes.posted.toSorted()).toEqual(relays.toSorted());
    expect(sent).toContain(key);
    expect(box.isUnsent(0, 2)).toBe(false);
    expect(box.empty).toBe(true);
    expect([...records.entries('x/')]).toEqual([]);
  });

  it('posts again what an earlier run left, and only where it is missing', async () => {
    const store = memoryStore();
    const clock = new ManualClock();
    const [first, second] = relays as [RelayId, RelayId];
    const records = await store.open('aabbccdd');
    const before = outbox(records, mailboxes(new Set([second])), clock);
    before.box.send(await put(before.box, records));
    await clock.advance(0);
    before.box.stop();
    await store.close();
    const boxes = mailboxes(new Set());
    const after = outbox(await store.open('aabbccdd'), boxes, clock);
    expect(after.box.empty).toBe(false);
    after.box.start();
    await clock.advance(0);
    expect(boxes.posted).toEqual([second]);
    expect(boxes.posted).not.toContain(first);
    expect(after.box.empty).toBe(true);
  });

  it('has sent when one mailbox holds it and the other is silent, and goes on trying', async () => {
    const records = await memoryStore().open('aabbccdd');
    const clock = new ManualClock();
    const silent = new Set(relays.slice(1));
    const boxes = mailboxes(silent);
    const { box, sent } = outbox(records, boxes, clock);
    const key = await put(box, records);
    box.send(key);
    await clock.advance(0);
    expect(sent).toContain(key);
    expect(box.isUnsent(0, 2)).toBe(false);
    expect(box.empty).toBe(false);
    silent.clear();
    await clock.advance(60_000);
    expect(box.empty).toBe(true);
  });

  it('lets nothing wait for a silent mailbox that the other one can take', async () => {
    const records = await memoryStore().open('aabbccdd');
    const clock = new ManualClock();
    const [quick, slow] = relays as [RelayId, RelayId];
    const held: RelayId[] = [];
    let asked = 0;
    let isSilent = true;
    const boxes: Mailboxes = {
      ...mailboxes(new Set()),
      post: (_isolation, { mailbox }) => {
        if (mailbox === slow) asked++;
        if (mailbox === quick || !isSilent) return (held.push(mailbox), Promise.resolve({ instance: 1, cursor: 1n }));
        return new Promise((_, reject) => void clock.after(10_000, () => reject(new MailboxError('silent', 'silent'))));
      },
    };
    const { box, sent } = outbox(records, boxes, clock);
    const keys: string[] = [];
    for (let i = 0; i < 50; i++) keys.push(await put(box, records));
    for (const key of keys) box.send(key);
    await clock.advance(0);
    expect(held).toEqual(keys.map(() => quick));
    expect(sent).toEqual([]);
    await clock.advance(10_000);
    expect(new Set(sent)).toEqual(new Set(keys));
    // From now on one asks for all whether it is back.
    const before = asked;
    await clock.advance(60_000);
    expect(asked - before).toBeLessThan(8);
    const [late] = [await put(box, records)];
    box.send(late);
    await clock.advance(0);
    expect(sent).toContain(late);
    isSilent = false;
    await clock.advance(12_000);
    expect(box.empty).toBe(true);
    expect(held.filter((mailbox) => mailbox === slow)).toHaveLength(51);
  });

  it('takes back what waits for an address, and says which updates nothing carries any more', async () => {
    const records = await memoryStore().open('aabbccdd');
    const clock = new ManualClock();
    const silent = new Set(relays.slice(1));
    const { box } = outbox(records, mailboxes(silent), clock);
    const seeds = sealed.map(({ topic }) => topic.seed);
    const held = await put(box, records);
    box.send(held);
    await clock.advance(0);
    silent.add(relays[0] as RelayId);
    const unsent = await put(box, records);
    const [rotation] = box.add(sealed, undefined);
    for (const key of [unsent, rotation]) box.send(key);
    await clock.advance(30_000);
    expect([box.owes(seeds[0] as Uint8Array), box.owes(new Uint8Array(32).fill(7))]).toEqual([true, false]);
    expect(box.retract([new Uint8Array(32).fill(7)], false)).toEqual({ keys: [], lost: undefined });
    // What leads elsewhere still goes to whoever looks here; what one mailbox holds is not lost.
    expect(box.retract(seeds, true)).toEqual({ keys: [unsent], lost: { after: head(1), upTo: head(3) } });
    expect(box.retract(seeds, false)).toEqual({ keys: [held, rotation], lost: undefined });
    silent.clear();
    await clock.advance(60_000);
    expect([box.empty, [...records.entries('x/')].map(([key]) => key)]).toEqual([true, [held, unsent]]);
  });

  it('has sent nothing while both are silent', async () => {
    const records = await memoryStore().open('aabbccdd');
    const clock = new ManualClock();
    const silent = new Set(relays);
    const { box, sent } = outbox(records, mailboxes(silent), clock);
    box.send(await put(box, records));
    await clock.advance(120_000);
    expect(sent).toEqual([]);
    expect(box.isUnsent(0, 3)).toBe(true);
    silent.clear();
    box.hurry();
    await clock.advance(0);
    expect(box.empty).toBe(true);
  });
});
