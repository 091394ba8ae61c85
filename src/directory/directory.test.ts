import { describe, expect, it } from 'vitest';
import { Counters, isRefusal, relayId, type Bytes, type RelayId } from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';
import { DirectoryClient, type DirectoryCircuit } from './client.ts';
import type { Descriptor } from './descriptor-type.ts';
import { Directory } from './directory.ts';
import { answerDirectory, decodePage, encodeDirectoryRequest, encodePage, PAGE_DESCRIPTORS } from './pages.ts';
import { NOW, testDescriptor, testRoot, testSigned } from './testing.ts';

const idOf = (n: number): RelayId => relayId(sha256(testRoot(n).keyset));

function directory(options: { most?: number; trusted?: readonly RelayId[] } = {}) {
  const time = { now: NOW };
  const counters = new Counters();
  const made = new Directory({
    now: () => time.now,
    trusted: new Set(options.trusted),
    counters,
    ...(options.most === undefined ? {} : { most: options.most }),
  });
  const merge = (source: string, list: readonly Bytes[]): boolean[] => {
    const begun = made.merge(source);
    const went = list.map((signed) => begun.add(signed));
    begun.done();
    return went;
  };
  return { directory: made, time, counters, merge };
}

describe('the directory', () => {
  it('keeps the newest of each relay, whatever the order', () => {
    const [old, fresh] = [testSigned(1), testSigned(1, { validFrom: NOW + 60 })];
    for (const order of [
      [old, fresh],
      [fresh, old],
      [old, fresh, old, fresh],
    ]) {
      const { directory: d } = directory();
      for (const signed of order) d.add(signed);
      expect(d.get(idOf(1))?.validFrom).toBe(NOW + 60);
      expect(d.list().length).toBe(1);
    }
  });

  it('forgets what has expired, at the second', () => {
    const { directory: d, time } = directory();
    d.add(testSigned(1));
    d.add(testSigned(2, { validUntil: NOW + 100 }));
    time.now = NOW + 99;
    expect(d.list().length).toBe(2);
    time.now = NOW + 100;
    expect(d.list().map(({ id }) => id)).toEqual([idOf(1)]);
    expect(d.get(idOf(2))).toBeUndefined();
    expect(d.add(testSigned(2, { validUntil: NOW + 100 }))).toMatchObject({ refused: 'descriptor-time' });
  });

  it('counts each refusal, and takes nothing in', () => {
    const { directory: d, counters } = directory();
    const forged = testSigned(1).slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    expect(d.add(forged)).toMatchObject({ refused: 'descriptor-signature' });
    expect(d.add(new Uint8Array(9_000))).toMatchObject({ refused: 'descriptor-size' });
    expect([counters.get('descriptor-signature'), counters.get('descriptor-size'), d.list().length]).toEqual([1, 1, 0]);
  });

  it('is bounded; an anchor always has room, and what expired makes room', () => {
    const { directory: d, time } = directory({ most: 1, trusted: [idOf(3)] });
    d.add(testSigned(1, { validUntil: NOW + 100 }));
    expect(d.add(testSigned(2))).toMatchObject({ refused: 'directory-full' });
    expect(isRefusal(d.add(testSigned(3)))).toBe(false);
    time.now = NOW + 100;
    expect(isRefusal(d.add(testSigned(1, { validFrom: NOW + 1 })))).toBe(false);
  });

  it('shows which source leaves a relay out, once it has had time to spread', () => {
    const { directory: d, time, merge } = directory();
    merge('a', [testSigned(1), testSigned(2)]);
    merge('b', [testSigned(1)]);
    expect(d.disagreements()).toEqual([]);
    time.now = NOW + 1_000;
    merge('b', [testSigned(1)]);
    expect(d.disagreements()).toEqual([{ relay: idOf(2), kind: 'missing', sources: ['b'] }]);
    merge('b', [testSigned(1), testSigned(2)]);
    expect(d.disagreements()).toEqual([]);
  });

  it('shows a relay that says two things at one moment', () => {
    const { directory: d, merge } = directory();
    merge('a', [testSigned(1)]);
    merge('b', [testSigned(1, { family: 'another' })]);
    merge('c', [testSigned(1, { validFrom: NOW + 1 })]);
    expect(d.disagreements()).toEqual([{ relay: idOf(1), kind: 'differs', sources: ['a', 'b'] }]);
  });

  it('stops listening to a source that forges', () => {
    const forged = Array.from({ length: 10 }, (_, i) => Uint8Array.from(testSigned(1), (byte, at) => (at === 3_500 + i ? byte ^ 1 : byte)));
    const went = directory().merge('a', forged);
    expect(went).toEqual([...Array.from({ length: 7 }, () => true), false, false, false]);
  });
});

const many = (count: number, prefix = ''): Descriptor[] =>
  Array.from({ length: count }, (_, i) => testDescriptor(relayId(sha256(Uint8Array.of(i))), { signed: Uint8Array.of(i + 1) }))
    .map((d) => ({ ...d, id: (prefix + d.id.slice(prefix.length)) as RelayId }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));

describe('pages', () => {
  const walk = (sorted: readonly Descriptor[]): number[][] => {
    const pages: number[][] = [];
    let cursor = 0;
    do {
      const body = answerDirectory(sorted, encodeDirectoryRequest(cursor));
      const page = isRefusal(body) ? body : decodePage(body);
      if (isRefusal(page)) throw new Error(page.refused);
      pages.push(page.descriptors.map((signed) => signed[0] ?? 0));
      expect(page.next === 0 || page.next > cursor).toBe(true);
      cursor = page.next;
    } while (cursor !== 0);
    return pages;
  };

  it.each([0, 1, 7, 8, 50])('carry %s relays, each once, in order', (count) => {
    const sorted = many(count);
    const pages = walk(sorted);
    expect(pages.flat()).toEqual(sorted.map(({ signed }) => signed[0]));
    expect(pages.slice(0, -1).every((page) => page.length === PAGE_DESCRIPTORS)).toBe(true);
  });

  it('end, and leave nobody else out, although somebody has ground ids that share one place', () => {
    const sorted = [...many(5, '00000000'), ...many(20, '7f000000'), ...many(3, 'ff000000')];
    expect(new Set(walk(sorted).flat().slice(-3))).toEqual(new Set([1, 2, 3]));
  });

  it.each([
    ['nothing', ''],
    ['half a cursor', '000000'],
    ['half a length', '00000000' + '00'],
    ['an empty descriptor', '00000000' + '0000'],
    ['a cut descriptor', '00000000' + '000201'],
    ['eight descriptors', '00000000' + '000101'.repeat(8)],
    ['one too long', '00000000' + '2001' + '00'.repeat(0x2001)],
  ])('refuse %s', (_what, hex) => {
    expect(decodePage(Uint8Array.from(Buffer.from(hex, 'hex')))).toMatchObject({ refused: 'directory-page' });
  });

  it('refuse a request of another length', () => {
    expect(answerDirectory([], new Uint8Array(5))).toMatchObject({ refused: 'directory-request' });
  });
});

describe('the client', () => {
  /** A relay that serves `listed` as pages and describes itself as `n`. */
  const network = (n: number, listed: readonly Descriptor[], answer = (body: Bytes): Bytes => serve(listed, body)) => {
    const seen = { opened: [] as number[], closed: 0 };
    const circuit: DirectoryCircuit = { ask: async (body) => answer(body), close: () => (seen.closed += 1) };
    return {
      seen,
      describe: async () => testSigned(n),
      open: async (path: readonly Descriptor[]) => (seen.opened.push(path.length), circuit),
    };
  };
  const serve = (listed: readonly Descriptor[], body: Bytes): Bytes => {
    const answered = answerDirectory(listed, body);
    if (isRefusal(answered)) throw new Error(answered.refused);
    return answered;
  };
  const listing = (count: number): Descriptor[] => {
    const { directory: d } = directory();
    for (let n = 1; n <= count; n++) d.add(testSigned(n));
    return d.list();
  };

  it('learns the guard from itself, then all from the guard, over one hop', async () => {
    const { directory: d } = directory();
    const asker = network(1, listing(9));
    expect(await new DirectoryClient(d, asker).firstContact(idOf(1))).toMatchObject({ id: idOf(1) });
    expect([d.list().length, asker.seen.opened, asker.seen.closed]).toEqual([9, [1], 1]);
  });

  it('refuses a guard that is another', async () => {
    const { directory: d } = directory();
    const asker = network(2, listing(3));
    expect(await new DirectoryClient(d, asker).firstContact(idOf(1))).toMatchObject({ refused: 'descriptor-other' });
    expect(asker.seen.opened).toEqual([]);
  });

  it('refuses pages that go nowhere, and closes the circuit', async () => {
    const { directory: d } = directory();
    const asker = network(1, [], () => encodePage({ next: 5, descriptors: [] }));
    expect(await new DirectoryClient(d, asker).firstContact(idOf(1))).toMatchObject({ refused: 'directory-page' });
    expect(asker.seen.closed).toBe(1);
  });
});
