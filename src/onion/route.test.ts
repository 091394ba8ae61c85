import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testSeed } from '../base/testing.ts';
import { placeBackward, placeForward } from './route.ts';

const seed = testSeed();
const handovers = fc.array(fc.record({ f0: fc.integer({ min: 4, max: 90 }), b0: fc.integer({ min: 2, max: 90 }) }), { maxLength: 6 });

describe('counters along a circuit', () => {
  it('forward: what each hop subtracts leads to the counter that the conversation gave', () => {
    fc.assert(
      fc.property(handovers, fc.nat(100_000), (fixed, own) => {
        const hop = fixed.length;
        const { counter, tweaks } = placeForward(fixed, hop, own);
        let at = counter;
        fixed.forEach(({ f0 }, i) => {
          expect(tweaks[i]).toBe(at);
          at -= f0;
        });
        expect(at).toBe(own);
        expect(tweaks).toHaveLength(hop + 1);
      }),
      { seed },
    );
  });

  it('backward: the client finds who spoke, from what each hop added', () => {
    fc.assert(
      fc.property(handovers, fc.nat(), fc.nat(100_000), (fixed, chosen, own) => {
        const hop = chosen % (fixed.length + 1);
        // An extended hop had only the counters below its b0.
        const said = hop < fixed.length ? own % (fixed[hop]?.b0 ?? 1) : own;
        const counter = fixed.slice(0, hop).reduce((sum, { b0 }) => sum + b0, said);
        const placed = placeBackward(fixed, counter);
        expect(placed.hop).toBe(hop);
        expect(placed.tweaks.at(-1)).toBe(said);
      }),
      { seed },
    );
  });
});
