import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, Counters, isRefusal, relayId, topicId, u32, type Bytes } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { contractSizes, directContract, DirectRecorder } from './direct-contract.ts';
import { DirectFrameReader, encodeBlobFrame, encodeTakenFrame, type DirectFrame } from './direct-frames.ts';
import { DIRECT_WINDOW, DirectLink, directLimits } from './direct-link.ts';
import { memoryDirectNetwork } from './direct-memory.ts';
import { MAX_DIRECT_PEERS, type DirectId, type DirectNode } from './direct-node.ts';
import { DirectPeers } from './direct-peers.ts';

const seed = testSeed();
const relays = [relayId(new Uint8Array(32).fill(1)), relayId(new Uint8Array(32).fill(2))];

async function turn(clock: ManualClock, condition: () => boolean): Promise<void> {
  for (let steps = 0; steps < 20_000; steps++) {
    if (condition()) return;
    await clock.advance(20);
  }
  throw new Error('the condition never came true');
}

directContract('memory', async () => {
  const clock = new ManualClock();
  const network = memoryDirectNetwork({ clock, random: seededRandom(seed), sizes: contractSizes });
  const nodes: DirectNode[] = [];
  return {
    async node(handler) {
      const node = network.node(handler, relays);
      nodes.push(node);
      return node;
    },
    until: (condition) => turn(clock, condition),
    relays: async (up) => relays.forEach((relay) => network.setRelay(relay, up)),
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
});

const topic = topicId(Uint8Array.from({ length: 32 }, (_, i) => i));
const blobs = contractSizes.map((size, i) => new Uint8Array(size).fill(i + 1));

function readAll(bytes: Uint8Array, cuts: readonly number[] = []): (DirectFrame | { refused: string })[] {
  const reader = new DirectFrameReader(contractSizes);
  const read: (DirectFrame | { refused: string })[] = [];
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  for (let i = 1; i < at.length; i++) {
    const frames = reader.read(bytes.subarray(at[i - 1], at[i]));
    if (isRefusal(frames)) return [...read, { refused: frames.refused }];
    read.push(...frames);
  }
  return read;
}

describe('frames of a direct link', () => {
  const frames = [encodeTakenFrame(0), ...blobs.map((blob) => encodeBlobFrame(topic, blob)), encodeTakenFrame(2 ** 32 - 1)];
  const said = [{ taken: 0 }, ...blobs.map((blob) => ({ topic, blob })), { taken: 2 ** 32 - 1 }];

  it('are read whatever the cuts', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        expect(readAll(concat(...frames), cuts)).toEqual(said);
      }),
      { seed, numRuns: 50 },
    );
  });

  it('cut at any length say nothing yet', () => {
    const [, frame = new Uint8Array(0)] = frames;
    for (let length = 0; length < frame.length; length++) expect(readAll(frame.subarray(0, length))).toEqual([]);
  });

  it('of any other length are refused before a byte of them is kept', () => {
    const good = new Set([4, ...contractSizes.map((size) => size + 32)]);
    const near = [...good].flatMap((length) => [-33, -32, -4, -1, 1, 4, 32, 33].map((off) => length + off));
    for (const length of [...Array(1_000).keys(), ...near]) {
      if (length >= 0 && !good.has(length)) expect(readAll(u32(length))).toEqual([{ refused: 'direct-frame' }]);
    }
    for (const length of [2 ** 31, 2 ** 32 - 1]) expect(readAll(u32(length))).toEqual([{ refused: 'direct-frame' }]);
  });

  it('with any bit flipped are refused, or say something else', () => {
    const frame = frames[1] ?? new Uint8Array(0);
    for (let bit = 0; bit < 8 * frame.length; bit++) {
      const flipped = frame.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readAll(flipped)).not.toEqual([said[1]]);
    }
  });
});

/** A link whose other end is the test. */
function bareLink() {
  const clock = new ManualClock();
  const counters = new Counters();
  const written: Bytes[] = [];
  const closings: string[] = [];
  const heard: (() => void)[] = [];
  const link = new DirectLink({
    pipe: { write: (bytes) => written.push(bytes) > 0, close: () => undefined },
    clock,
    counters,
    limits: directLimits,
    sizes: contractSizes,
    blob: (_topic, _blob, taken) => heard.push(taken),
    closed: (why) => closings.push(why),
  });
  return { clock, counters, written, closings, heard, link };
}

describe('a direct link', () => {
  const blob = blobs[0] ?? new Uint8Array(0);

  it('sends a window and waits; what is dealt with lets more go', () => {
    const { link, written } = bareLink();
    for (let i = 0; i < DIRECT_WINDOW + 5; i++) expect(link.send(topic, blob)).toBe(true);
    expect(written).toHaveLength(DIRECT_WINDOW);
    link.receive(encodeTakenFrame(3));
    expect(written).toHaveLength(DIRECT_WINDOW + 3);
    link.receive(encodeTakenFrame(3));
    expect(written).toHaveLength(DIRECT_WINDOW + 3);
  });

  it('ends, counted, when the other side sends beyond the window', () => {
    const { link, counters, closings, heard } = bareLink();
    for (let i = 0; i < DIRECT_WINDOW; i++) link.receive(encodeBlobFrame(topic, blob));
    expect(heard).toHaveLength(DIRECT_WINDOW);
    expect(link.closed).toBe(false);
    link.receive(encodeBlobFrame(topic, blob));
    expect([closings, counters.get('direct-window')]).toEqual([['direct-window'], 1]);
  });

  it('does not let one blob be dealt with twice', () => {
    const { link, written, heard } = bareLink();
    for (let i = 0; i < DIRECT_WINDOW; i++) link.receive(encodeBlobFrame(topic, blob));
    const [first] = heard;
    for (let i = 0; i < 10; i++) first?.();
    expect(written).toEqual([]);
    for (const taken of heard) taken();
    expect(written.at(-1)).toEqual(encodeTakenFrame(DIRECT_WINDOW));
  });

  it.each([
    ['more dealt with than was sent', encodeTakenFrame(1), 'direct-taken'],
    ['a count that falls', encodeTakenFrame(2 ** 32 - 1), 'direct-taken'],
    ['a length that no frame has', u32(5), 'direct-frame'],
  ])('ends, counted, upon %s', (_what, bytes, word) => {
    const { link, counters, closings } = bareLink();
    link.receive(bytes);
    expect([closings, counters.get(word)]).toEqual([[word], 1]);
    link.receive(encodeBlobFrame(topic, blob));
    expect(link.send(topic, blob)).toBe(false);
  });

  it('never sends what is no sealed blob', () => {
    expect(() => bareLink().link.send(topic, new Uint8Array(891))).toThrow(RangeError);
  });

  it('says that it is there, and ends after silence; a machine that slept has half the time more', async () => {
    const { clock, link, written, closings } = bareLink();
    await clock.advance(15_000);
    expect(written).toEqual(Array.from({ length: 3 }, () => encodeTakenFrame(0)));
    link.receive(encodeTakenFrame(0));
    await clock.advance(20_000);
    expect(closings).toEqual([]);
    await clock.advance(6_000);
    expect(closings).toEqual(['silent']);
  });
});

describe('nodes for direct links', () => {
  it('turn away whoever comes without being allowed', () => {
    const [clock, counters, heard] = [new ManualClock(), new Counters(), new DirectRecorder()];
    const [id, stranger] = ['aa'.repeat(32), 'bb'.repeat(32)] as [DirectId, DirectId];
    const dial = (): Promise<never> => Promise.reject(new Error('nobody is dialled'));
    const shared = { id, handler: heard, clock, random: seededRandom(seed), counters, sizes: contractSizes, dial };
    const peers = new DirectPeers({ ...shared, expel: () => undefined });
    const closings: string[] = [];
    const wire = { pipe: { write: () => true, close: (why: string) => void closings.push(why) }, attach: () => undefined };
    peers.adopt(stranger, wire);
    expect([peers.linked(), heard.links, closings, counters.get('direct-stranger')]).toEqual([[], [], ['not known here'], 1]);
    peers.allow([{ id: stranger, relays }]);
    peers.adopt(stranger, wire);
    expect([peers.linked(), heard.links]).toEqual([[stranger], [stranger]]);
  });

  it('let in sixteen and no more', async () => {
    const clock = new ManualClock();
    const network = memoryDirectNetwork({ clock, random: seededRandom(seed), sizes: contractSizes });
    const one = network.node(new DirectRecorder(), relays);
    const others = Array.from({ length: MAX_DIRECT_PEERS + 4 }, () => network.node(new DirectRecorder(), relays));
    one.allow(others.map(({ id }) => ({ id, relays })));
    for (const other of others) other.allow([{ id: one.id, relays }]);
    await turn(clock, () => one.linked().length >= MAX_DIRECT_PEERS);
    await clock.advance(120_000);
    expect(one.linked()).toHaveLength(MAX_DIRECT_PEERS);
  });

  it('that lose each other in silence find each other again, and the link before ends', async () => {
    const clock = new ManualClock();
    const network = memoryDirectNetwork({ clock, random: seededRandom(seed), sizes: contractSizes });
    const [heard, theirs] = [new DirectRecorder(), new DirectRecorder()];
    const [a, b] = [network.node(heard, relays), network.node(theirs, relays)];
    a.allow([{ id: b.id, relays }]);
    b.allow([{ id: a.id, relays }]);
    await turn(clock, () => a.linked().length === 1 && b.linked().length === 1);
    network.part(a.id, b.id, true);
    await turn(clock, () => heard.losses.length === 1 && theirs.losses.length === 1);
    expect([heard.losses, theirs.losses]).toEqual([['silent'], ['silent']]);
    network.part(a.id, b.id, false);
    await turn(clock, () => a.linked().length === 1 && b.linked().length === 1);
  });
});
