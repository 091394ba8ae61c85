import { describe, expect, it } from 'vitest';
import { relayId, type RelayId } from '../base/index.ts';
import { ManualClock, seededRandom, testSeed } from '../base/testing.ts';
import { initCryptoNode } from '../crypto/node.ts';
import type { Circuit, Service } from '../onion/index.ts';
import { MailboxChoice } from './mailbox-choice.ts';

await initCryptoNode();
const seed = testSeed();
const ids = Array.from({ length: 8 }, (_, n) => relayId(new Uint8Array(32).fill(n)));
const [a, b, c] = ids as [RelayId, RelayId, RelayId];
const MINUTE = 60_000;

function setUp(listed: readonly RelayId[] = ids) {
  const clock = new ManualClock();
  const services: Service[] = [];
  let changes = 0;
  const choice = new MailboxChoice({
    clock,
    random: seededRandom(seed),
    listed: () => listed,
    anchors: [a, b],
    services: () => services,
    isResting: (relay) => relay === c,
    changed: () => void changes++,
  });
  const silent = (mailbox: RelayId, isolation = 'room'): Service => ({
    isolation,
    mailbox,
    circuit: undefined,
    failures: 5,
    silentSince: clock.now(),
  });
  return { clock, services, choice, silent, changes: () => changes };
}

describe('the choice of mailboxes', () => {
  it('finds one dead that was silent for a minute, unless another room has a circuit to it', async () => {
    const { clock, services, choice, silent, changes } = setUp();
    services.push(silent(a), silent(b));
    await clock.advance(MINUTE - 1);
    choice.look();
    expect([choice.isDead(a), changes()]).toEqual([false, 0]);
    await clock.advance(1);
    choice.look();
    choice.look();
    expect([choice.isDead(a), choice.isDead(b), changes()]).toEqual([true, true, 1]);
    services.push({ isolation: 'other', mailbox: a, circuit: {} as Circuit, failures: 0, silentSince: undefined });
    choice.answered(a);
    expect([choice.isDead(a), choice.isDead(b), changes()]).toEqual([false, true, 2]);
  });

  it('picks none that was found dead within the hour, and none that rests as a guard, while there are two others', async () => {
    const { clock, services, choice, silent } = setUp();
    services.push(silent(a));
    await clock.advance(MINUTE);
    choice.look();
    services.length = 0;
    const picked = (): Set<RelayId> => new Set(Array.from({ length: 200 }, () => choice.pick()).flat());
    expect(picked()).toEqual(new Set(ids.filter((id) => id !== a && id !== c)));
    await clock.advance(60 * MINUTE);
    expect(picked()).toEqual(new Set(ids.filter((id) => id !== c)));
  });

  it('picks none that is silent just now', async () => {
    const { services, choice, silent } = setUp();
    services.push(silent(a), { isolation: 'room', mailbox: b, circuit: undefined, failures: 0, silentSince: undefined });
    const picked = (): Set<RelayId> => new Set(Array.from({ length: 200 }, () => choice.pick()).flat());
    expect(picked()).toEqual(new Set(ids.filter((id) => id !== a && id !== c)));
    services.push({ isolation: 'other', mailbox: a, circuit: {} as Circuit, failures: 0, silentSince: undefined });
    expect(picked()).toEqual(new Set(ids.filter((id) => id !== c)));
  });

  it('picks anchors while the directory is not known, and two in any case', () => {
    for (const listed of [[], [a], [a, c]]) expect(new Set(setUp(listed).choice.pick()).size).toBe(2);
    expect(new Set(setUp([]).choice.pick())).toEqual(new Set([a, b]));
  });

  it('gives all who know an address the same spares, and others to other addresses', () => {
    const address = (n: number) => ({ secret: new Uint8Array(32).fill(n), mailboxes: [a, b] as const });
    const { choice } = setUp();
    const spares = choice.spares(address(1))?.mailboxes ?? expect.fail('there are others');
    expect(setUp(ids.toReversed()).choice.spares(address(1))?.mailboxes).toEqual(spares);
    expect(spares.some((id) => id === a || id === b)).toBe(false);
    // Whoever does not know one of them still meets the others at the other.
    const [first, second] = spares;
    expect(setUp(ids.filter((id) => id !== first)).choice.spares(address(1))?.mailboxes[0]).toBe(second);
    const all = new Set(Array.from({ length: 40 }, (_, n) => choice.spares(address(n))?.mailboxes.join()));
    expect(all.size).toBeGreaterThan(10);
    expect(setUp([a, b, c]).choice.spares(address(1))).toBeUndefined();
  });
});
