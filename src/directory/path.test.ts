import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefusal, relayId, type RelayId } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { sha256 } from '../crypto/index.ts';
import type { Descriptor } from './descriptor-type.ts';
import { choosePath, strangers, type PathQuestion } from './path.ts';
import { testDescriptor } from './testing.ts';

const seed = testSeed();
const id = (n: number): RelayId => relayId(sha256(Uint8Array.of(n)));
const at = (n: number, changes: Partial<Descriptor> = {}): Descriptor =>
  testDescriptor(id(n), { addresses: [`/ip4/${20 + n}.1.2.3/tcp/443/tls/ws`], family: `f${n}`, ...changes });

const ask = (descriptors: readonly Descriptor[], changes: Partial<PathQuestion> = {}) =>
  choosePath({
    descriptors,
    guard: id(1),
    last: id(3),
    mailbox: true,
    trusted: new Set([id(1)]),
    reluctance: () => 0,
    random: seededRandom(seed),
    ...changes,
  });

const family = fc.constantFrom('', 'a', 'b', 'c', 'd');
const address = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })).map(([a, b]) => `/ip4/5${a}.${b}.0.1/tcp/443/tls/ws`),
  fc.integer({ min: 1, max: 3 }).map((port) => `/ip4/127.0.0.1/tcp/900${port}/ws`),
  fc.integer({ min: 1, max: 3 }).map((n) => `/dns4/r${n}.example.org/tcp/443/tls/ws`),
);
const relays = fc
  .array(
    fc.record({
      family,
      addresses: fc.array(address, { minLength: 1, maxLength: 2 }),
      guard: fc.boolean(),
      middle: fc.boolean(),
      mailbox: fc.boolean(),
      trusted: fc.boolean(),
      bad: fc.boolean(),
    }),
    { minLength: 3, maxLength: 12 },
  )
  .map((list) =>
    list.map(({ guard, middle, mailbox, trusted, bad, ...rest }, n) => ({
      descriptor: testDescriptor(id(n), { ...rest, roles: { guard, middle, mailbox } }),
      trusted,
      bad,
    })),
  );

describe('paths', () => {
  it('obey every rule of §5, and are refused only when no relay obeys them', () => {
    fc.assert(
      fc.property(relays, fc.integer(), (list, chance) => {
        const descriptors = list.map(({ descriptor }) => descriptor);
        const trusted = new Set(list.flatMap((r) => (r.trusted ? [r.descriptor.id] : [])));
        const bad = new Set(list.flatMap((r) => (r.bad ? [r.descriptor.id] : [])));
        const [guard, , last] = descriptors as [Descriptor, Descriptor, Descriptor];
        const path = choosePath({
          descriptors,
          guard: guard.id,
          last: last.id,
          mailbox: true,
          trusted,
          reluctance: (r) => (bad.has(r) ? 1 : 0),
          random: seededRandom(chance),
        });
        const isPrivate = (d: Descriptor): boolean => d.addresses.some((a) => a.includes('127.0.0.1'));
        const usable = (d: Descriptor): boolean => trusted.has(d.id) || !isPrivate(d);
        const fits = (m: Descriptor): boolean =>
          new Set([guard.id, m.id, last.id]).size === 3 &&
          [guard, m, last].every(usable) &&
          guard.roles.guard &&
          m.roles.middle &&
          last.roles.mailbox &&
          (trusted.has(guard.id) || trusted.has(m.id)) &&
          (guard.family === '' || guard.family !== m.family) &&
          !sameNetwork(guard, m);
        if (isRefusal(path)) {
          expect(descriptors.filter(fits)).toEqual([]);
          expect(path.detail).toMatch(/^[A-Z].*\.$/);
          return;
        }
        expect([path[0].id, path[2].id, path.length]).toEqual([guard.id, last.id, 3]);
        expect(fits(path[1])).toBe(true);
        if (bad.has(path[1].id)) expect(descriptors.filter(fits).every((d) => bad.has(d.id))).toBe(true);
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('take each middle that fits about equally often', () => {
    const descriptors = Array.from({ length: 8 }, (_, n) => at(n));
    const random = seededRandom(seed);
    const counts = new Map<RelayId, number>();
    for (let i = 0; i < 3_000; i++) {
      const path = ask(descriptors, { random });
      if (isRefusal(path)) throw new Error(path.refused);
      counts.set(path[1].id, (counts.get(path[1].id) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(150);
  });

  it('need neither guard nor middle that nobody vouches for', () => {
    const three = [at(1), at(2), at(3)];
    expect(isRefusal(ask(three, { trusted: new Set() }))).toBe(true);
    expect(isRefusal(ask(three, { trusted: new Set([id(3)]) }))).toBe(true);
    expect(isRefusal(ask(three, { trusted: new Set([id(2)]) }))).toBe(false);
  });

  it('go over several relays of one machine only at several ports, and only when they are trusted', () => {
    const here = (n: number, port: number): Descriptor => at(n, { addresses: [`/ip4/127.0.0.1/tcp/${port}/ws`] });
    const trusted = new Set([id(1), id(2), id(3)]);
    expect(isRefusal(ask([here(1, 1), here(2, 2), here(3, 3)], { trusted }))).toBe(false);
    expect(isRefusal(ask([here(1, 1), here(2, 1), here(3, 3)], { trusted }))).toBe(true);
    expect(isRefusal(ask([here(1, 1), here(2, 2), here(3, 3)], { trusted: new Set([id(1), id(3)]) }))).toBe(true);
  });

  it('are refused in words, one for each reason', () => {
    const words = [
      ask([at(2), at(3)]),
      ask([at(1), at(2)]),
      ask([at(1), at(3)]),
      ask([at(1), at(2), at(3)], { last: id(1) }),
      ask([at(1), at(2), at(3, { roles: { guard: true, middle: true, mailbox: false } })]),
    ].map((path) => (isRefusal(path) ? path.refused : 'a path'));
    expect(words).toEqual(['no-guard', 'no-last-hop', 'no-middle', 'no-guard', 'no-last-hop']);
    expect(isRefusal(ask([at(1), at(2), at(3, { roles: { guard: true, middle: true, mailbox: false } })], { mailbox: false }))).toBe(false);
  });

  it.each([
    ['one /16', '/ip4/50.1.2.3/tcp/1', '/ip4/50.1.9.9/tcp/2', false],
    ['two /16', '/ip4/50.1.2.3/tcp/1', '/ip4/50.2.2.3/tcp/1', true],
    ['one /32 of IPv6', '/ip6/2a01:4f8::1/tcp/1', '/ip6/2a01:4f8:1::/tcp/2', false],
    ['two of IPv6', '/ip6/2a01:4f8::1/tcp/1', '/ip6/2a01:4f9::1/tcp/1', true],
    ['one host name', '/dns4/a.example.org/tcp/1/ws', '/dns4/A.example.org/tcp/2/ws', false],
    ['one private host at two ports', '/ip4/10.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/2', true],
  ])('know who is near whom: %s', (_what, a, b, apart) => {
    expect(strangers(at(1, { addresses: [a] }), at(2, { addresses: [b] }))).toBe(apart);
  });
});

function sameNetwork(a: Descriptor, b: Descriptor): boolean {
  const key = (text: string): string =>
    text.startsWith('/ip4/127') ? text : text.startsWith('/dns4') ? (text.split('/')[2] ?? '') : text.split('.').slice(0, 2).join('.');
  return a.addresses.some((one) => b.addresses.some((other) => key(one) === key(other)));
}
