import { describe, expect, it } from 'vitest';
import { hash, type PersonaId } from '../base/index.ts';
import type { OperationRecord } from '../room/index.ts';
import { arrivedAt, firstAdmissions } from './room-view.ts';

const admit = (join: number): Pick<OperationRecord, 'says'> => ({
  says: {
    admit: {
      joinHash: hash(new Uint8Array(32).fill(join)),
      ipk: new Uint8Array(32),
      certificate: new Uint8Array(0),
      prekey: new Uint8Array(1216),
      name: `guest ${join}`,
    },
  },
});

describe('the lines of a room', () => {
  it('say once that somebody came whom two members let in beside each other', () => {
    const leave: Pick<OperationRecord, 'says'> = { says: { leave: {} } };
    const [one, two, again] = [admit(1), admit(2), admit(1)];
    expect(firstAdmissions([one, leave, two, again, leave])).toEqual([one, leave, two, leave]);
  });

  it('say that somebody came before what they wrote, though nobody was there to let them in', () => {
    const [ben, cyd] = ['b', 'c'] as PersonaId[] as [PersonaId, PersonaId];
    const said = (author: PersonaId, at: number, clockWrong = false) => ({ author, at, clockWrong });
    expect(arrivedAt(ben, 50, 0, [said(cyd, 10), said(ben, 20), said(ben, 60)])).toBe(20);
    expect(arrivedAt(ben, 50, 0, [said(cyd, 10), said(ben, 60)])).toBe(50);
    expect(arrivedAt(ben, 50, 0, [said(cyd, 10)])).toBe(50);
    // What they wrote before they left, the time before, is no arrival; nor does a clock that is wrong tell of one.
    expect(arrivedAt(ben, 50, 30, [said(ben, 20), said(ben, 40)])).toBe(40);
    expect(arrivedAt(ben, 50, 0, [said(ben, 1, true), said(ben, 60)])).toBe(50);
  });
});
