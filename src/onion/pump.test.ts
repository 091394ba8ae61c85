import { beforeAll, describe, expect, it } from 'vitest';
import { isRefusal } from '../base/index.ts';
import { ManualClock } from '../base/testing.ts';
import { splitMessage } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { openCell } from './cell.ts';
import { MessageKind } from './circuit.ts';
import { ACK_DELAY, Conversation, type CellOut } from './conversation.ts';
import { Pump } from './pump.ts';

beforeAll(initCryptoNode);

describe('a pump', () => {
  it('waits while the link has too much to send, and goes on when it has less', async () => {
    const clock = new ManualClock();
    const link = { queued: 512 };
    const out: CellOut[] = [];
    const conversation = new Conversation(64);
    const pump = new Pump({ conversation, clock, link, emit: (cell) => out.push(cell) });
    conversation.send(MessageKind.POST, new Uint8Array(5000));
    pump.run();
    await clock.advance(1000);
    expect(out).toHaveLength(0);
    link.queued = 511;
    await clock.advance(20);
    expect(out).toHaveLength(8);
    pump.stop();
  });

  it('wakes up for an ACK', async () => {
    const clock = new ManualClock();
    const out: CellOut[] = [];
    const conversation = new Conversation(64);
    const pump = new Pump({ conversation, clock, link: { queued: 0 }, emit: (cell) => out.push(cell) });
    const [cell] = splitMessage({ kind: MessageKind.BLOB, flags: 0, message: 0 }, 0, new Uint8Array(1));
    const opened = cell === undefined ? undefined : openCell(cell);
    if (opened === undefined || isRefusal(opened)) throw new Error('no cell');
    conversation.receive(0, opened, clock.now());
    pump.run();
    await clock.advance(ACK_DELAY - 1);
    expect(out).toHaveLength(0);
    await clock.advance(1);
    expect(out).toHaveLength(1);
  });
});
