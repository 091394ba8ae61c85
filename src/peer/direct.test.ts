import { describe, expect, it } from 'vitest';
import { relayId, roomId, type PersonaId, type RelayId } from '../base/index.ts';
import type { DirectHandler, DirectNode } from '../link/index.ts';
import type { DirectState } from '../room/index.ts';
import { directDoor, directView, ranked, type DirectTerms } from './direct.ts';

const relays = Array.from({ length: 12 }, (_, n) => relayId(new Uint8Array(32).fill(n)));
const [one, other] = [roomId(new Uint8Array(32).fill(1)), roomId(new Uint8Array(32).fill(2))];

describe('the relays at which the members of a room are found', () => {
  it('are the same for all of them, whatever the order in which they know relays, and others for another room', () => {
    expect(ranked(relays.toReversed(), one, [])).toEqual(ranked(relays, one, []));
    expect(ranked(relays, one, [])).not.toEqual(ranked(relays, other, []));
    expect(ranked(relays, one, []).toSorted()).toEqual(relays.toSorted());
  });

  it('are the room’s mailboxes last of all', () => {
    const [first, second] = ranked(relays, one, []) as [RelayId, RelayId];
    const without = ranked(relays, one, [first, second]);
    expect(without.slice(-2)).toEqual([first, second]);
    expect(without.slice(0, -2)).toEqual(ranked(relays, one, []).slice(2));
  });

  it('are asked for anew each time, as the directory changes', async () => {
    let known = relays.slice(0, 3);
    let terms: DirectTerms | undefined;
    const node = {} as DirectNode;
    const door = directDoor(
      (given) => {
        terms = given;
        return Promise.resolve(node);
      },
      { relays: () => known, addressesOf: (relay) => [`at ${relay}`], trusts: () => false },
    );
    expect(await door.open({} as DirectHandler, { room: one, avoid: [] })).toBe(node);
    expect(terms?.signallers()).toEqual(ranked(known, one, []));
    known = relays;
    expect(terms?.signallers()).toEqual(ranked(relays, one, []));
    expect(terms?.sizes).toHaveLength(7);
  });
});

describe('direct links in words', () => {
  const [ana, ben] = ['a', 'b'] as unknown as [PersonaId, PersonaId];
  const state: DirectState = { possible: true, chosen: true, agreed: [], linked: [], stuck: false };
  const words = (patch: Partial<DirectState>): string | undefined =>
    directView({ ...state, ...patch }, 'Private · 3 hops', (persona) => persona).words;

  it.each([
    [{}, 'Waiting for the others to agree · Private · 3 hops'],
    [{ agreed: [ana] }, 'Looking for a direct way · Private · 3 hops'],
    [{ agreed: [ana], stuck: true }, 'Direct is not possible just now · Private · 3 hops'],
    [{ agreed: [ana, ben], linked: [ana] }, 'Direct · 1 person'],
    [{ agreed: [ana, ben], linked: [ana, ben] }, 'Direct · 2 people'],
    [{ chosen: false, agreed: [ana] }, undefined],
  ])('%o: %s', (patch, said) => {
    expect(words(patch)).toBe(said);
  });
});
