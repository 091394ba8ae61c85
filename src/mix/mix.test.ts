import { describe, expect, it } from 'vitest';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { Covers } from './cover.ts';
import { Mix } from './mix.ts';

const seed = testSeed();

describe('the mix', () => {
  it('passes on at once without a delay', () => {
    let passed = 0;
    new Mix({ clock: new ManualClock(), random: seededRandom(seed) }).pass(0, () => passed++);
    expect(passed).toBe(1);
  });

  it('delays exponentially, in the mean as asked, ten times that at most, and changes the order', async () => {
    const clock = new ManualClock();
    const mix = new Mix({ clock, random: seededRandom(seed) });
    const from = clock.now();
    const delays: number[] = [];
    const order: number[] = [];
    for (let i = 0; i < 1000; i++) {
      mix.pass(20, () => {
        delays.push(clock.now() - from);
        order.push(i);
      });
    }
    await clock.advance(200);
    expect(delays).toHaveLength(1000);
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    // Five standard errors of the mean of a thousand.
    expect(Math.abs(mean - 20)).toBeLessThan((5 * 20) / Math.sqrt(1000));
    const longer = delays.filter((delay) => delay > 20).length / delays.length;
    expect(Math.abs(longer - Math.exp(-1))).toBeLessThan(0.08);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  });
});

describe('cover', () => {
  const setUp = () => {
    const clock = new ManualClock();
    const circuit = () => {
      const one = { closed: false, drops: 0, drop: (): number => one.drops++ };
      return one;
    };
    return { clock, circuit, covers: new Covers({ clock, random: seededRandom(seed) }) };
  };

  it('is a burst, then a cell every 15 s in the mean, until the circuit closes', async () => {
    const { clock, circuit: open, covers } = setUp();
    const circuit = open();
    covers.begin(circuit);
    await clock.advance(5000);
    expect(circuit.drops).toBeGreaterThanOrEqual(2);
    const burst = circuit.drops;
    await clock.advance(15_000 * 100);
    expect(circuit.drops - burst).toBeGreaterThan(50);
    expect(circuit.drops - burst).toBeLessThan(150);
    circuit.closed = true;
    const before = circuit.drops;
    await clock.advance(200_000);
    expect(circuit.drops).toBe(before);
  });

  it('leaves nothing to wait for: of a circuit that has closed when another begins, of all at the end', async () => {
    const { clock, circuit, covers } = setUp();
    const [first, second, late] = [circuit(), circuit(), circuit()];
    covers.begin(first);
    await clock.advance(5000);
    first.closed = true;
    covers.begin(second);
    expect(clock.pending).toBe(1);
    covers.stop();
    covers.begin(late);
    expect(clock.pending).toBe(0);
  });
});
