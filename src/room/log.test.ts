import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, idBytes, isRefusal, type Bytes } from '../base/index.ts';
import { testSeed } from '../base/testing.ts';
import { initCryptoNode } from '../crypto/node.ts';
import type { Persona } from '../identity/index.ts';
import { NOTHING } from '../replica/index.ts';
import { create, decodeStrict, encode, OperationSchema, SignedSchema } from '../wire/index.ts';
import { Actor, hashOf, HOUR, joined, newPerson, newRoom, NOW, plain, prekey } from './log-testing.ts';
import { MembershipLog } from './log.ts';
import { authorCreate, OPERATION_BYTES, readOperation } from './operation.ts';

const seed = testSeed();
const [ada, bo, cy, dee, eve] = [0, 1, 2, 3, 4].map(() => newPerson()) as [Persona, Persona, Persona, Persona, Persona];

beforeAll(initCryptoNode);

/** A room of Ada, with Bo and Cy let in by her, and everybody's log. */
function roomOfThree(): { a: Actor; b: Actor; c: Actor } {
  const a = newRoom(ada);
  a.invite('first', 2);
  a.admit('first', bo);
  a.admit('first', cy);
  return { a, b: joined(a, bo), c: joined(a, cy) };
}

const permutations = <T>(all: readonly T[]): T[][] =>
  all.length === 0 ? [[]] : all.flatMap((one, i) => permutations(all.toSpliced(i, 1)).map((rest) => [one, ...rest]));

/** The log of somebody who gets these in this order, twice over. */
function logOf(a: Actor, operations: readonly Uint8Array[]): MembershipLog {
  const log = new MembershipLog({ room: a.room });
  for (const operation of [...operations, ...operations]) log.add(operation);
  return log;
}

function meet(...actors: readonly Actor[]): void {
  for (let round = 0; round < 2; round++) for (const one of actors) for (const other of actors) one.hears(other);
  for (const actor of actors) expect(plain(actor.log.state())).toEqual(plain(actors[0]?.log.state() ?? actor.log.state()));
}

describe('a room', () => {
  it('begins with its creator, and lets in by an invite', () => {
    const { a, b, c } = roomOfThree();
    expect(a.members()).toEqual([ada.id, bo.id, cy.id].toSorted());
    expect(b.log.state().members.get(ada.id)).toMatchObject({ role: 'owner', seniority: 0, admittedBy: undefined });
    expect(c.log.state().members.get(cy.id)).toMatchObject({ role: 'member', seniority: 2, admittedBy: ada.id, admittedAt: NOW });
    expect(a.inviteState('first')).toMatchObject({ uses: 2, open: false, conflict: false });
    expect(a.log.personaOf(bo.device)).toBe(bo.id);
    expect(a.log.rights().keysetOf(bo.device)).toEqual(bo.deviceKeyset);
    expect(a.log.rights().keysetOf(dee.device)).toBeUndefined();
    expect(a.log.state()).toBe(a.log.state());
  });

  it('takes roles, policy and prekeys', () => {
    const { a, b } = roomOfThree();
    a.does({ role: { persona: bo.id, role: 'owner' } });
    b.hears(a);
    b.does({ policy: { suite: 3, invites: 'owners', admission: 'person', historyDays: 0 } });
    b.does({ prekey: { prekey: prekey(2) } });
    a.hears(b);
    expect(a.log.state().policy).toMatchObject({ invites: 'owners', historyDays: 0 });
    expect(a.log.state().members.get(bo.id)).toMatchObject({ role: 'owner', prekey: prekey(2) });
  });

  it('lets one leave, and is its most senior member’s when no owner is left', () => {
    const { a, b, c } = roomOfThree();
    const head = { device: ada.device, segment: 0, seq: 3, hash: hashOf('last') };
    a.does({ leave: { heads: [head] } });
    b.hears(a);
    expect(b.log.state().former.get(ada.id)).toMatchObject({ how: 'left', by: ada.id });
    expect(b.log.rights().cutOf(ada.device)).toMatchObject({ segment: 0, seq: 3 });
    expect(b.log.state().members.get(bo.id)).toMatchObject({ role: 'owner', seniority: 0 });
    b.remove(cy);
    c.hears(b);
    expect(c.members()).toEqual([bo.id]);
  });

  it('comes back from its own store, in whatever order the records come', () => {
    const { a, b } = roomOfThree();
    a.remove(cy);
    b.does({ prekey: { prekey: prekey(2) } });
    meet(a, b);
    const { put } = a.log.drain();
    expect(put.every(([key]) => key.startsWith('o/'))).toBe(true);
    fc.assert(
      fc.property(fc.shuffledSubarray([...put], { minLength: put.length }), (records) => {
        const log = new MembershipLog({ records });
        expect(plain(log.state())).toEqual(plain(a.log.state()));
        expect([log.heads(), log.drain()]).toEqual([a.log.heads(), { put: [], delete: [] }]);
      }),
      { seed, numRuns: 10 },
    );
    expect(() => new MembershipLog({ records: put.slice(1) })).toThrow(/holes/);
  });
});

describe('what is refused', () => {
  const refusedBy = (actor: Actor, operation: Uint8Array): string => {
    const before = plain(actor.log.state());
    actor.log.drain();
    const result = actor.log.add(operation);
    expect(plain(actor.log.state())).toEqual(before);
    expect(actor.log.drain().put).toEqual([]);
    return isRefusal(result) ? result.refused : 'taken';
  };

  it('forged, of a stranger, of another room, of another device, repeated', () => {
    const { a, b } = roomOfThree();
    const other = newRoom(dee);
    expect(refusedBy(a, new Actor(dee, a.log).write({ prekey: { prekey: prekey() } }))).toBe('not-a-member');
    expect(refusedBy(a, other.write({ prekey: { prekey: prekey() } }))).toBe('wrong-room');
    expect(refusedBy(a, other.log.operations()[0] ?? new Uint8Array())).toBe('wrong-room');
    expect(refusedBy(a, a.log.operations()[1] ?? new Uint8Array())).toBe('repeated');
    const operation = b.write({ prekey: { prekey: prekey() } });
    const signed = decodeStrict(SignedSchema, operation);
    if (isRefusal(signed)) throw new Error(signed.refused);
    expect(refusedBy(a, dee.sign('operation', signed.body))).toBe('bad-signature');
    expect(refusedBy(a, bo.sign('rotate', signed.body))).toBe('bad-signature');
    const fields = decodeStrict(OperationSchema, signed.body);
    if (isRefusal(fields)) throw new Error(fields.refused);
    const asCy = encode(OperationSchema, create(OperationSchema, { ...fields, device: idBytes(cy.device) }));
    expect(refusedBy(a, bo.sign('operation', asCy))).toBe('bad-signature');
    const spliced = encode(OperationSchema, create(OperationSchema, { ...fields, room: idBytes(other.room) }));
    expect(refusedBy(a, bo.sign('operation', spliced))).toBe('wrong-room');
    const half = (which: 'ed25519' | 'mlDsa'): Bytes =>
      encode(SignedSchema, create(SignedSchema, { ...signed, [which]: signed[which].map((byte, i) => (i === 0 ? byte ^ 1 : byte)) }));
    expect([refusedBy(a, half('ed25519')), refusedBy(a, half('mlDsa'))]).toEqual(['bad-signature', 'bad-signature']);
    expect(refusedBy(a, new Uint8Array(OPERATION_BYTES + 1))).toBe('oversized');
    expect(a.log.add(operation)).toHaveProperty('added');
  });

  it('each bit flipped, each cut, and bytes more, of the smallest operation', () => {
    const { a, b } = roomOfThree();
    const operation = b.write({ leave: {} });
    const before = a.log.heads();
    const whole = operation.length * 8;
    // The ML-DSA signature makes up most of the bytes: of it every 251st bit, of the rest each.
    const signature = operation.length - 3309;
    for (let bit = 0; bit < whole; bit += bit < signature * 8 ? 1 : 251) {
      const flipped = operation.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = a.log.add(flipped);
      // A flipped parent is one that never comes; everything else is refused at once.
      expect('added' in result, `bit ${bit}`).toBe(false);
    }
    for (let length = 0; length < operation.length; length++) expect(isRefusal(a.log.add(operation.slice(0, length)))).toBe(true);
    for (let byte = 0; byte < 256; byte++) expect(isRefusal(a.log.add(concat(operation, Uint8Array.of(byte))))).toBe(true);
    expect(a.log.heads()).toEqual(before);
    expect(a.log.add(operation)).toHaveProperty('added');
  }, 120_000);

  it('what the author may not do', () => {
    const { a, b, c } = roomOfThree();
    a.invite('once');
    b.hears(a);
    expect(refusedBy(b, b.write(b.removal(cy)))).toBe('not-allowed');
    expect(refusedBy(b, b.write({ role: { persona: bo.id, role: 'owner' } }))).toBe('not-allowed');
    expect(refusedBy(b, b.write({ policy: a.log.state().policy }))).toBe('not-allowed');
    expect(refusedBy(b, b.write({ revoke: { ipk: a.inviteState('once')?.ipk ?? new Uint8Array(32) } }))).toBe('not-allowed');
    expect(refusedBy(a, a.write(a.removal(ada)))).toBe('not-allowed');
    expect(refusedBy(a, a.write(a.removal(dee)))).toBe('unknown-member');
    expect(refusedBy(a, a.write({ remove: { persona: bo.id, devices: [cy.device], heads: [] } }))).toBe('wrong-device');
    expect(refusedBy(a, a.write({ remove: { persona: bo.id, devices: [], heads: [] } }))).toBe('wrong-device');
    expect(refusedBy(a, a.write(a.admission('unheard of', dee)))).toBe('unknown-invite');
    expect(refusedBy(a, a.write(a.admission('once', bo)))).toBe('already-member');
    expect(refusedBy(a, a.write({ decide: { ipk: a.inviteState('once')?.ipk ?? new Uint8Array(32), joins: [hashOf('x')] } }))).toBe(
      'unknown-join',
    );
    expect(() => b.invite('once')).toThrow('invite-known');
    a.does({ policy: { ...a.log.state().policy, invites: 'owners' } });
    c.hears(a);
    expect(refusedBy(c, c.write(c.admission('once', dee)))).toBe('not-allowed');
    expect(() => c.invite('mine')).toThrow('not-allowed');
  });

  it('admissions by an invite that is used, revoked, expired or closed, and of an expired certificate', () => {
    const { a, b } = roomOfThree();
    expect(refusedBy(a, a.write(a.admission('first', dee)))).toBe('invite-used');
    a.invite('taken back');
    a.revoke('taken back');
    expect(refusedBy(a, a.write(a.admission('taken back', dee)))).toBe('invite-closed');
    a.invite('short', 1, 2);
    a.now = NOW + 2 * HOUR;
    expect(refusedBy(a, a.write(a.admission('short', dee)))).toBe('expired');
    a.now = NOW + 1 * HOUR;
    expect(refusedBy(a, a.write(a.admission('short', newPerson(Math.floor(NOW / HOUR)))))).toBe('expired');
    b.hears(a);
    a.remove(cy);
    expect(a.inviteState('short')).toMatchObject({ closed: true, open: false });
    expect(refusedBy(a, a.write(a.admission('short', dee)))).toBe('invite-closed');
    a.invite('new');
    expect(refusedBy(a, a.write(a.admission('new', cy)))).toBe('device-known');
    expect(a.log.add(a.write(a.admission('new', dee)))).toHaveProperty('added');
  });

  it('a create that is not signed by whom it names, and a second one', () => {
    const log = new MembershipLog();
    const made = authorCreate({ now: NOW, prekey: prekey(), salt: new Uint8Array(32) }, ada);
    const signed = decodeStrict(SignedSchema, made);
    if (isRefusal(signed)) throw new Error(signed.refused);
    expect(log.add(bo.sign('operation', signed.body))).toMatchObject({ refused: 'bad-signature' });
    expect(log.add(made)).toHaveProperty('added');
    expect(log.add(authorCreate({ now: NOW, prekey: prekey(), salt: new Uint8Array(32).fill(1) }, ada))).toMatchObject({
      refused: 'wrong-room',
    });
    expect(new MembershipLog({ room: log.state().room }).add(made)).toHaveProperty('added');
  });

  it('what breaks a limit, before it is signed', () => {
    const a = newRoom(ada);
    expect(() => a.invite('none', 0)).toThrow(RangeError);
    expect(() => a.does({ prekey: { prekey: new Uint8Array(1216).fill(255) } })).toThrow(RangeError);
    expect(() => a.does({ revoke: { ipk: new Uint8Array(31) } })).toThrow(RangeError);
    expect(isRefusal(readOperation(new Uint8Array(0)))).toBe(true);
  });

  it('more that waits than fits', () => {
    const { a } = roomOfThree();
    const signed = decodeStrict(SignedSchema, a.write({ leave: {} }));
    const fields = isRefusal(signed) ? signed : decodeStrict(OperationSchema, signed.body);
    if (isRefusal(signed) || isRefusal(fields)) throw new Error('unreadable');
    // Who signed is looked at once the parents are here.
    const after = (parent: string): Bytes => {
      const body = encode(OperationSchema, create(OperationSchema, { ...fields, parents: [idBytes(hashOf(parent))] }));
      return encode(SignedSchema, create(SignedSchema, { ...signed, body }));
    };
    const results = Array.from({ length: 257 }, (_, i) => a.log.add(after(`${i}`)));
    expect(results.slice(0, 256).every((result) => 'waiting' in result)).toBe(true);
    expect(results[256]).toMatchObject({ refused: 'too-many-waiting' });
  });
});

describe('removal', () => {
  it('voids what the removed did without having seen it, and keeps what the remover had seen', () => {
    const { a, b, c } = roomOfThree();
    b.invite('seen', 2);
    b.admit('seen', dee);
    a.hears(b);
    b.admit('seen', eve);
    a.remove(bo);
    meet(a, b, c);
    expect(a.members()).toEqual([ada.id, cy.id, dee.id].toSorted());
    expect(a.log.rights().keysetOf(eve.device)).toBeUndefined();
    expect(a.log.rights().cutOf(bo.device)).toEqual(NOTHING);
    expect(() => b.does({ prekey: { prekey: prekey() } })).toThrow('not-a-member');
  });

  it('voids what was done by somebody whom the removed let in unseen', () => {
    const { a, b, c } = roomOfThree();
    b.invite('unseen');
    b.admit('unseen', dee);
    const d = joined(b, dee);
    d.invite('deeper');
    d.admit('deeper', eve);
    a.remove(bo);
    meet(a, b, c, d);
    expect(c.members()).toEqual([ada.id, cy.id].toSorted());
  });

  it('of each other: the senior stays', () => {
    const { a, b, c } = roomOfThree();
    a.does({ role: { persona: bo.id, role: 'owner' } });
    b.hears(a);
    a.remove(bo);
    b.remove(ada);
    meet(a, b, c);
    expect(c.members()).toEqual([ada.id, cy.id].toSorted());
  });

  it('in a ring of three: the most senior’s holds, and whom it does not reach keeps theirs', () => {
    const { a, b, c } = roomOfThree();
    a.does({ role: { persona: bo.id, role: 'owner' } });
    a.does({ role: { persona: cy.id, role: 'owner' } });
    for (const other of [b, c]) other.hears(a);
    a.remove(bo);
    b.remove(cy);
    c.remove(ada);
    meet(a, b, c);
    expect(a.members()).toEqual([cy.id]);
    expect(a.log.state().operations.length).toBe(8);
  });

  it('takes the smallest of concurrent cuts', () => {
    const { a, b, c } = roomOfThree();
    a.does({ role: { persona: bo.id, role: 'owner' } });
    b.hears(a);
    const cut = (seq: number) => [{ device: cy.device, segment: 0, seq, hash: hashOf(`${seq}`) }];
    a.does({ remove: { persona: cy.id, devices: [cy.device], heads: cut(7) } });
    b.does({ remove: { persona: cy.id, devices: [cy.device], heads: cut(4) } });
    meet(a, b, c);
    expect(c.log.rights().cutOf(cy.device)).toMatchObject({ seq: 4 });
  });

  it('reaches whoever is let in beside it, by somebody who has not seen it', () => {
    const { a, b, c } = roomOfThree();
    a.invite('one');
    for (const other of [b, c]) other.hears(a);
    b.admit('one', dee, 'same');
    a.hears(b);
    a.remove(dee);
    c.admit('one', dee, 'same');
    meet(a, b, c);
    expect(c.members()).toEqual([ada.id, bo.id, cy.id].toSorted());
    expect(c.log.state().former.get(dee.id)).toMatchObject({ how: 'removed', by: ada.id });
  });

  it('leaves room for the same person with a new device’s persona, let in again', () => {
    const { a } = roomOfThree();
    const before = a.log.state().memberSetHash;
    a.remove(bo);
    expect(a.log.state().memberSetHash).not.toBe(before);
    a.invite('again');
    a.admit('again', dee);
    expect(a.members()).toEqual([ada.id, cy.id, dee.id].toSorted());
  });
});

describe('two for one use', () => {
  function twoJoins(): { a: Actor; b: Actor; c: Actor } {
    const { a, b, c } = roomOfThree();
    a.invite('one');
    for (const other of [b, c]) other.hears(a);
    b.admit('one', dee, 'left');
    c.admit('one', eve, 'right');
    meet(a, b, c);
    return { a, b, c };
  }

  it('suspends both, and what they did meanwhile, until an owner decides', () => {
    const { a, b, c } = twoJoins();
    expect(a.members()).toEqual([ada.id, bo.id, cy.id].toSorted());
    expect(a.inviteState('one')).toMatchObject({ conflict: true, open: false, usedBy: [] });
    expect(
      a.log
        .state()
        .suspended.map(({ persona }) => persona)
        .toSorted(),
    ).toEqual([dee.id, eve.id].toSorted());
    expect(a.log.rights().keysetOf(dee.device)).toBeUndefined();
    const ipk = a.inviteState('one')?.ipk ?? new Uint8Array(32);
    expect(() => b.does({ decide: { ipk, joins: [hashOf('left')] } })).toThrow('not-allowed');
    a.does({ decide: { ipk, joins: [hashOf('right')] } });
    meet(a, b, c);
    expect(c.members()).toEqual([ada.id, bo.id, cy.id, eve.id].toSorted());
    expect(c.inviteState('one')).toMatchObject({ conflict: false, usedBy: [hashOf('right')] });
  });

  it('counts one Join that two let in as one', () => {
    const { a, b, c } = roomOfThree();
    a.invite('one');
    for (const other of [b, c]) other.hears(a);
    b.admit('one', dee, 'same');
    c.admit('one', dee, 'same');
    meet(a, b, c);
    expect(a.members()).toContain(dee.id);
    expect(a.inviteState('one')).toMatchObject({ conflict: false, usedBy: [hashOf('same')] });
  });

  it('leaves alone whoever came in before', () => {
    const { a, b, c } = roomOfThree();
    const fay = newPerson();
    a.invite('two', 2);
    a.admit('two', dee);
    for (const other of [b, c]) other.hears(a);
    b.admit('two', eve);
    c.admit('two', fay);
    meet(a, b, c);
    expect(b.members()).toEqual([ada.id, bo.id, cy.id, dee.id].toSorted());
    expect(b.log.state().suspended.length).toBe(2);
  });

  it('goes by the most senior of two who decide beside each other', () => {
    const { a, b, c } = twoJoins();
    a.does({ role: { persona: bo.id, role: 'owner' } });
    b.hears(a);
    const ipk = a.inviteState('one')?.ipk ?? new Uint8Array(32);
    a.does({ decide: { ipk, joins: [hashOf('left')] } });
    b.does({ decide: { ipk, joins: [hashOf('right')] } });
    meet(a, b, c);
    expect(c.members()).toContain(dee.id);
    expect(c.members()).not.toContain(eve.id);
  });
});

describe('convergence', () => {
  it('is the same for each order of four that came beside each other', () => {
    const { a, b, c } = roomOfThree();
    a.does({ role: { persona: bo.id, role: 'owner' } });
    a.invite('one');
    for (const other of [b, c]) other.hears(a);
    const before = a.log.operations();
    const beside = [a.remove(bo), b.admit('one', dee), b.remove(cy), c.admit('one', eve)];
    meet(a, b, c);
    expect(a.members()).toEqual([ada.id, cy.id, eve.id].toSorted());
    for (const order of permutations(beside)) expect(plain(logOf(a, [...before, ...order]).state())).toEqual(plain(a.log.state()));
  }, 60_000);

  /** What people do, by number; what is refused is not done. */
  const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(9), fc.nat(4)), { minLength: 5, maxLength: 18, size: 'max' });

  function play(script: readonly (readonly [number, number, number])[]): Actor[] {
    const { a, b, c } = roomOfThree();
    a.does({ role: { persona: bo.id, role: 'owner' } });
    a.invite('shared', 2);
    const people = [ada, bo, cy, dee, eve];
    const actors = [a, b, c, joined(a, dee)];
    for (const actor of actors) actor.hears(a);
    for (const [i, [who, what, whom]] of script.entries()) {
      const actor = actors[who] ?? a;
      const target = people[whom] ?? ada;
      try {
        act(actor, what, target, actors[whom % actors.length] ?? a, i);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.includes('refused')) throw error;
      }
    }
    return actors;
  }

  function act(actor: Actor, what: number, target: Persona, other: Actor, i: number): void {
    const ipk = actor.inviteState('shared')?.ipk ?? new Uint8Array(32);
    const joins = actor.inviteState('shared')?.seen.slice(0, 2) ?? [];
    const doings = [
      () => actor.hears(other),
      () => actor.hears(other),
      () => void actor.admit('shared', target, `join ${i % 3} ${target.id}`),
      () => void actor.remove(target),
      () => void actor.does({ role: { persona: target.id, role: i % 2 === 0 ? 'owner' : 'member' } }),
      () => void actor.does({ prekey: { prekey: prekey(i) } }),
      () => void actor.invite(`own ${i}`),
      () => void actor.does({ decide: { ipk, joins } }),
      () => void actor.does({ policy: { suite: 3, invites: i % 2 === 0 ? 'owners' : 'members', admission: 'device', historyDays: i } }),
      () => void (i % 5 === 0 ? actor.does({ leave: {} }) : actor.admit('shared', target)),
    ];
    doings[what]?.();
  }

  it('is the same for any history and any order of arrival', () => {
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat()), (script, chance) => {
        const actors = play(script);
        meet(...actors);
        const [a] = actors;
        if (a === undefined) throw new Error('nobody');
        const all = a.log.operations();
        const weights = new Map(all.map((operation) => [operation, chance.next().value ?? 0]));
        const shuffled = all.toSorted((x, y) => (weights.get(x) ?? 0) - (weights.get(y) ?? 0));
        for (const order of [shuffled, all.toReversed()]) {
          const log = logOf(a, order);
          expect(log.operations().length).toBe(all.length);
          expect(plain(log.state())).toEqual(plain(a.log.state()));
        }
        for (const member of a.log.state().members.values()) expect(a.log.state().former.has(member.persona)).toBe(false);
      }),
      { seed, numRuns: 8 },
    );
  }, 300_000);
});
