/** Times as people say them. `now` and `at` are milliseconds since 1970. */

const locale = 'en-GB';
const clockFormat = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const weekdayFormat = new Intl.DateTimeFormat(locale, { weekday: 'long' });
const weekdayShort = new Intl.DateTimeFormat(locale, { weekday: 'short' });
const dayFormat = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
const dayYearFormat = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' });
const dateFormat = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const fullFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' });

/** Midnight at the start of the day, local time. */
function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** Whole local days from `at` to `now`; negative in the future. Rounded, since a day of a clock change has 23 or 25 hours. */
const daysAgo = (at: number, now: number): number => Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000);

export const sameDay = (a: number, b: number): boolean => startOfDay(a) === startOfDay(b);

/** "14:32" */
export const clock = (at: number): string => clockFormat.format(at);

/** "Friday 20 November 2026 at 14:32", for a tooltip. */
export const full = (at: number): string => fullFormat.format(at);

/** A day line: Today, Yesterday, Thursday 19 November, 3 May 2025. */
export function day(at: number, now: number): string {
  const ago = daysAgo(at, now);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  return Math.abs(ago) < 180 ? dayFormat.format(at) : dayYearFormat.format(at);
}

/** In a list: 14:32, Thu, 3 May. */
export function brief(at: number, now: number): string {
  const ago = daysAgo(at, now);
  if (ago === 0) return clock(at);
  return ago > 0 && ago < 7 ? weekdayShort.format(at) : dateFormat.format(at);
}

/** An end: "today 18:00", "Sunday 18:00", "3 May". */
export function until(at: number, now: number): string {
  const ahead = -daysAgo(at, now);
  if (ahead === 0) return `today ${clock(at)}`;
  if (ahead === 1) return `tomorrow ${clock(at)}`;
  return ahead > 0 && ahead < 7 ? `${weekdayFormat.format(at)} ${clock(at)}` : `${dateFormat.format(at)}, ${clock(at)}`;
}

/** How long since: "40 s", "6 min", "2 h". */
export function lasting(since: number, now: number): { readonly figure: number; readonly unit: string } {
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  if (seconds < 60) return { figure: seconds, unit: 's' };
  return seconds < 3600 ? { figure: Math.floor(seconds / 60), unit: 'min' } : { figure: Math.floor(seconds / 3600), unit: 'h' };
}
