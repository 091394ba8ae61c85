import { describe, expect, it } from 'vitest';
import { Arrivals, wholeLink, type AddressBar } from './arrivals.ts';

class Bar implements AddressBar {
  readonly location = { hash: '', pathname: '/', search: '?lang=en' };
  readonly replaced: string[] = [];
  readonly history = {
    state: null,
    replaceState: (_state: unknown, _unused: string, url: string): void => {
      this.replaced.push(url);
      this.location.hash = '';
    },
  };
  changed: () => void = () => undefined;

  constructor(hash: string) {
    this.location.hash = hash;
  }

  addEventListener(_type: 'hashchange', listener: () => void): void {
    this.changed = listener;
  }
}

describe('a link that goes out', () => {
  it('is at the page’s own address, whole or not', () => {
    const page = { origin: 'https://sotto.example', pathname: '/' };
    expect(wholeLink('AQsecret', page)).toBe('https://sotto.example/#AQsecret');
    expect(wholeLink('https://sotto.example/#AQsecret', page)).toBe('https://sotto.example/#AQsecret');
  });
});

describe('links that come in', () => {
  it('leave the address bar at once, and wait', () => {
    const bar = new Bar('#AQsecret');
    const arrivals = new Arrivals(bar);
    expect(bar.replaced).toEqual(['/?lang=en']);
    expect(arrivals.current()).toBe('AQsecret');
  });

  it('leave it again when one is put into an open tab', () => {
    const bar = new Bar('');
    const arrivals = new Arrivals(bar);
    let told = 0;
    arrivals.subscribe(() => (told += 1));
    expect(bar.replaced).toEqual([]);
    bar.location.hash = '#AQother';
    bar.changed();
    expect(bar.location.hash).toBe('');
    expect([arrivals.current(), told]).toEqual(['AQother', 1]);
    arrivals.drop();
    expect([arrivals.current(), told]).toEqual([undefined, 2]);
  });

  it('may be pasted, with what a clipboard adds', () => {
    const arrivals = new Arrivals(new Bar(''));
    arrivals.offer(' https://sotto.example/#AQ\n');
    expect(arrivals.current()).toBe('https://sotto.example/#AQ');
  });
});
