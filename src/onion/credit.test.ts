import { describe, expect, it } from 'vitest';
import { ACK_ALLOWANCE, Credit, FIRST_WINDOW } from './credit.ts';

describe('credit', () => {
  it('starts at 64 and doubles with each window consumed, up to the most', () => {
    const credit = new Credit(256);
    const windows: number[] = [];
    for (let sent = 0; sent < 2000; sent++) {
      expect(credit.open).toBe(true);
      credit.take();
      expect(credit.acknowledged(credit.next)).toBeUndefined();
      if (windows.at(-1) !== credit.window) windows.push(credit.window);
    }
    expect(windows).toEqual([64, 128, 256]);
  });

  it('closes when the window is under way, and later for ACK', () => {
    const credit = new Credit(64);
    for (let i = 0; i < FIRST_WINDOW; i++) credit.take();
    expect([credit.open, credit.openForAck]).toEqual([false, true]);
    for (let i = 0; i < ACK_ALLOWANCE; i++) credit.take();
    expect(credit.openForAck).toBe(false);
    expect(credit.acknowledged(64)).toBeUndefined();
    expect([credit.open, credit.openForAck]).toEqual([false, true]);
  });

  it('ignores an overtaken acknowledgement and refuses one of what was never sent', () => {
    const credit = new Credit(64);
    credit.take();
    credit.take();
    expect(credit.acknowledged(2)).toBeUndefined();
    expect(credit.acknowledged(1)).toBeUndefined();
    expect(credit.seen).toBe(2);
    expect(credit.acknowledged(3)?.refused).toBe('seen-unsent');
  });

  it('wants a window that a relay may offer', () => {
    expect(() => new Credit(63)).toThrow(RangeError);
    expect(() => new Credit(1025)).toThrow(RangeError);
  });
});
