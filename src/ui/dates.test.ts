import { describe, expect, it } from 'vitest';
import { brief, day, lasting, sameDay, until } from './dates.ts';

const at = (dayOfMonth: number, hour: number, month = 10): number => new Date(2026, month, dayOfMonth, hour, 5).getTime();
const now = at(20, 14);

describe('times as people say them', () => {
  it('names days from where one stands', () => {
    expect(day(at(20, 0), now)).toBe('Today');
    expect(day(at(19, 23), now)).toBe('Yesterday');
    expect(day(at(18, 9), now)).toBe('Wednesday 18 November');
    expect(day(at(3, 9, 1), now)).toBe('3 February 2026');
  });

  it('is brief in a list', () => {
    expect(brief(at(20, 9), now)).toBe('09:05');
    expect(brief(at(17, 9), now)).toBe('Tue');
    expect(brief(at(3, 9), now)).toBe('3 Nov');
  });

  it('says when something ends', () => {
    expect(until(at(20, 18), now)).toBe('today 18:05');
    expect(until(at(21, 18), now)).toBe('tomorrow 18:05');
    expect(until(at(23, 18), now)).toBe('Monday 18:05');
    expect(until(at(27, 18), now)).toBe('27 Nov, 18:05');
  });

  it('tells days apart at midnight, also where a day has 23 or 25 hours', () => {
    expect(sameDay(at(20, 0), at(20, 23))).toBe(true);
    expect(sameDay(at(20, 23), at(21, 0))).toBe(false);
  });

  it('counts what lasts in one unit', () => {
    expect(lasting(0, 59_000)).toEqual({ figure: 59, unit: 's' });
    expect(lasting(0, 60_000)).toEqual({ figure: 1, unit: 'min' });
    expect(lasting(0, 7_300_000)).toEqual({ figure: 2, unit: 'h' });
    expect(lasting(5_000, 0)).toEqual({ figure: 0, unit: 's' });
  });
});
