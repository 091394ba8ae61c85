import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceId, hash, type DeviceId, type Hash } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { chooseEpoch, rank, type EpochInfo } from './epochs.ts';

const device = (n: number): DeviceId => deviceId(new Uint8Array(16).fill(n));
const id = (n: number): Hash => hash(new Uint8Array(32).fill(n));
const epoch = (n: number, parents: readonly number[], devices: readonly number[]): EpochInfo => ({
  id: id(n),
  parents: parents.map(id),
  devices: devices.map(device),
});
const members = (...devices: readonly number[]): Set<DeviceId> => new Set(devices.map(device));

describe('the epoch to write under', () => {
  it('is the deepest, and no rotation is due where it covers everybody', () => {
    const epochs = [epoch(1, [], [1]), epoch(2, [1], [1, 2])];
    expect(chooseEpoch(epochs, members(1, 2))).toEqual({ writeUnder: id(2), heads: [id(2)], rotationDue: false });
  });

  it('never holds somebody who was removed, however deep', () => {
    const epochs = [epoch(1, [], [1]), epoch(2, [1], [1, 2]), epoch(3, [2], [1, 2, 3])];
    expect(chooseEpoch(epochs, members(1, 2))).toEqual({ writeUnder: id(2), heads: [id(3)], rotationDue: false });
    expect(chooseEpoch([epoch(3, [], [1, 2, 3])], members(1, 2))).toEqual({ writeUnder: undefined, heads: [id(3)], rotationDue: true });
  });

  it('is written under, while a rotation is due, when it leaves a member out', () => {
    const epochs = [epoch(1, [], [1]), epoch(2, [1], [1, 2])];
    expect(chooseEpoch(epochs, members(1, 2, 3))).toEqual({ writeUnder: id(2), heads: [id(2)], rotationDue: true });
  });

  it('is, of two at one depth, the lower hash; two heads make a rotation due', () => {
    const epochs = [epoch(1, [], [1]), epoch(3, [1], [1, 2]), epoch(2, [1], [1, 2])];
    expect(chooseEpoch(epochs, members(1, 2))).toEqual({ writeUnder: id(2), heads: [id(3), id(2)], rotationDue: true });
    const merged = [...epochs, epoch(4, [2, 3], [1, 2])];
    expect(chooseEpoch(merged, members(1, 2))).toEqual({ writeUnder: id(4), heads: [id(4)], rotationDue: false });
  });

  it('is the same whatever the order in which the epochs came', () => {
    const epochs = [epoch(1, [], [1]), epoch(2, [1], [1, 2]), epoch(3, [1], [1, 3]), epoch(4, [2, 3], [1, 2, 3]), epoch(5, [2], [1, 2])];
    const chosen = chooseEpoch(epochs, members(1, 2, 3)).writeUnder;
    fc.assert(
      fc.property(fc.shuffledSubarray(epochs, { minLength: epochs.length }), (order) => {
        expect(chooseEpoch(order, members(1, 2, 3)).writeUnder).toBe(chosen);
      }),
      { seed: testSeed(), numRuns: 50 },
    );
  });

  it('ends even where parents go round in a ring', () => {
    expect(chooseEpoch([epoch(1, [2], [1]), epoch(2, [1], [1])], members(1)).heads).toEqual([]);
  });
});

describe('rank', () => {
  it('gives each device a place of its own, and another occasion other places', () => {
    const devices = [1, 2, 3, 4, 5, 6, 7, 8].map(device);
    const places = (occasion: number): number[] => devices.map((one) => rank(one, devices, Uint8Array.of(occasion)));
    expect(places(1).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(places(1)).not.toEqual(places(2));
  });
});
