import { describe, expect, it } from 'vitest';
import { hash } from '../base/index.ts';
import type { OperationRecord } from '../room/index.ts';
import { firstAdmissions } from './room-view.ts';

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
});
