import { describe, expect, it } from 'vitest';
import { Counters } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { contractLimits, linkContract, Recorder, testCell } from './contract.ts';
import { ControlType, type CellLink, type LinkNode, type Verdict } from './link.ts';
import { memoryNetwork, type MemoryNetwork } from './memory.ts';

const seed = testSeed();

async function turn(clock: ManualClock, condition: () => boolean): Promise<void> {
  for (let steps = 0; steps < 5_000; steps++) {
    if (condition()) return;
    await clock.advance(10);
  }
  throw new Error('the condition never came true');
}

linkContract('memory', async () => {
  const clock = new ManualClock();
  const network = memoryNetwork({ clock, random: seededRandom(seed), faults: { jitter: 30 }, limits: contractLimits });
  const nodes: LinkNode[] = [];
  return {
    async node(handler, listens, witness) {
      const node = network.node(`n${nodes.length}`, handler, { listens, ...(witness === undefined ? {} : { witness }) });
      nodes.push(node);
      return node;
    },
    until: (condition) => turn(clock, condition),
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
});

async function two(faults = {}) {
  const clock = new ManualClock();
  const network = memoryNetwork({ clock, random: seededRandom(seed), faults });
  const [a, b] = [new Recorder(), new Recorder()];
  const counters = new Counters();
  const nodes = { a: network.node('a', a, { counters }), b: network.node('b', b, { counters }) };
  const near = await dialled(clock, nodes.a.dial(nodes.b.addresses()));
  return { clock, network, a, b, nodes, near, counters };
}

async function dialled(clock: ManualClock, dial: Promise<CellLink>): Promise<CellLink> {
  let link: CellLink | undefined;
  void dial.then((l) => (link = l));
  await turn(clock, () => link !== undefined);
  return dial;
}

describe('faults of the memory network', () => {
  it('a killed neighbour is noticed by its silence, 4 to 6 s after it was heard last', async () => {
    const { clock, network, a, near, counters } = await two();
    await clock.advance(11_000);
    network.kill('b');
    await clock.advance(3_500);
    expect(near.closed).toBe(false);
    await clock.advance(3_000);
    expect(a.closings).toEqual([{ link: near, why: 'the neighbour fell silent' }]);
    expect(counters.get('link-silent')).toBe(1);
  });

  it('a machine that slept gives its neighbour one more beat before it judges', async () => {
    const { clock, network, near } = await two();
    network.part('a', 'b');
    const wake = clock.now() + 60_000;
    // A starved process: time passes and no timer fires; then everything falls due at once.
    const now = clock.now.bind(clock);
    clock.now = () => Math.max(now(), wake);
    network.mend('a', 'b');
    await clock.advance(12_000);
    expect(near.closed).toBe(false);
  });

  it('a frozen node hears nothing until it is thawed, and then all of it in order', async () => {
    const { clock, network, b, near } = await two();
    network.freeze('b');
    for (let i = 0; i < 3; i++) near.send(testCell(1, i));
    await clock.advance(3_000);
    near.close('tired of waiting');
    await clock.advance(1_000);
    expect([b.cells.length, b.closings.length]).toEqual([0, 0]);
    network.thaw('b');
    await clock.advance(0);
    expect([b.cells.map((c) => c.counter), b.closings.length]).toEqual([[0, 1, 2], 1]);
  });

  it('whoever was killed tells nobody when its parts are put away', async () => {
    const { clock, network, near, nodes } = await two();
    network.kill('b');
    await nodes.b.stop();
    await clock.advance(1_000);
    expect(near.closed).toBe(false);
  });

  it('a parted link loses cells in silence, a cut one closes', async () => {
    const { clock, network, a, b, near } = await two();
    network.part('a', 'b');
    near.send(testCell(1, 0));
    await clock.advance(1_000);
    network.mend('a', 'b');
    near.send(testCell(1, 1));
    await clock.advance(1_000);
    expect(b.cells.map((c) => c.counter)).toEqual([1]);
    network.cut('a', 'b');
    await clock.advance(1_000);
    expect([a.closings.length, b.closings.length, network.links().length]).toEqual([1, 1, 1]);
    expect(near.closed).toBe(true);
  });

  it('drops, doubles and garbles as asked', async () => {
    const { clock, network, b, near } = await two();
    const received = async (faults: object): Promise<number> => {
      network.fault('a', 'b', { drop: 0, double: 0, garble: 0, ...faults });
      b.cells.length = 0;
      for (let i = 0; i < 500; i++) near.send(testCell(0x01010101, i));
      await clock.advance(1_000);
      return b.cells.length;
    };
    expect(await received({})).toBe(500);
    expect(await received({ drop: 0.5 })).toBeLessThan(400);
    expect(await received({ double: 0.5 })).toBeGreaterThan(600);
    await received({ garble: 1 });
    expect(
      b.cells.filter(
        (c, i) => c.circuit === 0x01010101 && c.counter === i && c.cell.every((byte, at) => byte === testCell(c.circuit, i)[at]),
      ),
    ).toEqual([]);
  });

  it('a dial to a node that cannot be reached fails after its time, a dial to none at once', async () => {
    const { clock, network, nodes } = await two();
    network.node('c', new Recorder());
    network.part('a', 'c');
    const outcome: string[] = [];
    nodes.a.dial(['/memory/c']).catch((error: unknown) => outcome.push(String(error)));
    nodes.a.dial(['/memory/none']).catch((error: unknown) => outcome.push(String(error)));
    await clock.advance(9_000);
    expect(outcome).toEqual(['Error: no neighbour answered (/memory/none: refused)']);
    await clock.advance(2_000);
    expect(outcome[1]).toBe('Error: no neighbour answered (/memory/c: no answer)');
  });
});

describe('links that are misused', () => {
  it('close when too much is queued', async () => {
    const { near, counters } = await two();
    for (let i = 0; i < 4_097; i++) near.send(testCell(1, i));
    expect([near.closed, near.queued, counters.get('link-queue-full')]).toEqual([true, 0, 1]);
  });

  it('close after 16 control cells refused, and count each', async () => {
    const { clock, b, near, counters } = await two();
    for (let i = 0; i < 15; i++) near.send(testCell(0, 1));
    near.sendControl(ControlType.DESCRIBE, 0, new Uint8Array(0));
    await clock.advance(1_000);
    expect([near.closed, counters.get('control-counter'), b.controls.length]).toEqual([false, 15, 1]);
    near.send(testCell(0, 1));
    await clock.advance(1_000);
    expect([near.closed, b.closings[0]?.why]).toEqual([true, 'too many control cells refused']);
  });
});

describe('a name in memory', () => {
  it('is taken while its node is up, and free once that was killed or stopped', async () => {
    const { clock, network, nodes } = await two();
    expect(() => network.node('b', new Recorder())).toThrow(/taken/);
    network.kill('b');
    const heir = new Recorder();
    network.node('b', heir);
    // The old link stays until its silence is noticed; what is sent over it reaches nobody.
    const link = await dialled(clock, network.node('c', new Recorder()).dial(['/memory/b']));
    link.send(testCell(7, 0));
    await turn(clock, () => heir.cells.length === 1);
    await nodes.a.stop();
    expect(() => network.node('a', new Recorder())).not.toThrow();
  });
});

describe('gossip in memory', () => {
  const line = async (network: MemoryNetwork, clock: ManualClock, verdict: Verdict) => {
    const heard: string[] = [];
    const joined: string[] = [];
    const nodes = ['a', 'b', 'c'].map((name) => network.node(name, new Recorder()));
    nodes.forEach((node, i) =>
      node.subscribe(
        't',
        (data) => (heard.push(`${i}:${data[0]}`), verdict),
        () => joined.push(String(i)),
      ),
    );
    await dialled(clock, nodes[0]?.dial(['/memory/b']) ?? Promise.reject(new Error('no node')));
    await dialled(clock, nodes[1]?.dial(['/memory/c']) ?? Promise.reject(new Error('no node')));
    await clock.advance(100);
    expect(joined.toSorted()).toEqual(['0', '1', '1', '2']);
    nodes[0]?.publish('t', Uint8Array.of(5));
    await clock.advance(1_000);
    return heard;
  };

  it('passes on what is accepted, once to each, and nothing else', async () => {
    for (const [verdict, heard] of [
      ['accept', ['1:5', '2:5']],
      ['ignore', ['1:5']],
      ['reject', ['1:5']],
    ] as const) {
      const clock = new ManualClock();
      expect(await line(memoryNetwork({ clock, random: seededRandom(seed) }), clock, verdict)).toEqual(heard);
    }
  });
});
