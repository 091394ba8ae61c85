import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testSeed } from '../base/testing.ts';
import { pieces } from './links.ts';

const links = (text: string): (readonly [string, string])[] =>
  pieces(text).flatMap((piece) => ('href' in piece ? [[piece.text, piece.host] as const] : []));

describe('links in a message', () => {
  it('finds web addresses and leaves the sentence its punctuation', () => {
    expect(links('see https://a.example/x?y=1#z.')).toEqual([['https://a.example/x?y=1#z', 'a.example']]);
    expect(links('(http://a.example/b_(c)), then [https://b.example]!')).toEqual([
      ['http://a.example/b_(c)', 'a.example'],
      ['https://b.example', 'b.example'],
    ]);
  });

  it('shows the host that the browser will ask, not the one that it looks like', () => {
    expect(links('https://аpple.example/')).toEqual([['https://аpple.example/', 'xn--pple-43d.example']]);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'https://bank.example@evil.example',
    'https://',
    'http://[::',
    'file:///etc/passwd',
    'ahttp://a',
  ])('makes no link of %s', (text) => expect(links(text)).toEqual([]));

  it('loses and adds nothing, and links to http and https only', () => {
    const part = fc.oneof(
      fc.string(),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.constantFrom(' ', '(', ')', '.', '\u202e', '@'),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('');
        const found = pieces(text);
        expect(found.map((piece) => piece.text).join('')).toBe(text);
        for (const piece of found) if ('href' in piece) expect(piece.href).toMatch(/^https?:\/\/[^@/]+(\/|$)/);
      }),
      { seed: testSeed() },
    );
  });
});
