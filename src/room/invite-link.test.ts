import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, fromBase64url, personaId, relayId, toBase64url, u32, utf8, type Bytes } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { ed25519, kdf } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { makeInvite, readLink, signWithInvite, type InviteSecret } from './invite-link.ts';

const seed = testSeed();
const random = seededRandom(seed);
beforeAll(initCryptoNode);

const HOUR = 500_000;
const newTerms = () => ({
  expiresHour: HOUR,
  inviterRoot: personaId(random.bytes(32)),
  mailboxes: [relayId(random.bytes(32)), relayId(random.bytes(32))] as const,
});
const make = (): InviteSecret => makeInvite(random, newTerms());

describe('an invite link', () => {
  it('reads back as what was made', () => {
    const invite = make();
    expect(invite.link).toMatch(/^[A-Za-z0-9_-]{184}$/);
    expect(readLink(invite.link, HOUR - 1)).toEqual(invite);
  });

  it('has the bytes that the protocol says', () => {
    const terms = newTerms();
    const invite = makeInvite(random, terms);
    const bytes = fromBase64url(invite.link);
    expect(bytes.length).toBe(138);
    expect(bytes.subarray(0, 6)).toEqual(concat(Uint8Array.of(1, 3), u32(HOUR)));
    expect(bytes.subarray(6, 38)).toEqual(invite.seed);
    expect(
      Buffer.from(bytes.subarray(38))
        .toString('hex')
        .startsWith(terms.inviterRoot + terms.mailboxes.join('')),
    ).toBe(true);
    expect(bytes.subarray(134)).toEqual(kdf('invite/check', 4, bytes.subarray(0, 134)));
    expect(invite.address).toEqual({ secret: kdf('invite/address', 32, invite.seed), mailboxes: terms.mailboxes });
    expect(invite.welcomeKey).toEqual(kdf('invite/welcome', 32, invite.seed));
    expect(invite.ipk).toEqual(ed25519.keypair(kdf('invite/sign', 32, invite.seed)).publicKey);
    expect(ed25519.verify(invite.ipk, utf8('m'), signWithInvite(invite, utf8('m')))).toBe(true);
  });

  it('reads from a whole address, and with space around it', () => {
    const invite = make();
    for (const text of [`https://example.org/app/#${invite.link}`, `#${invite.link}`, `  ${invite.link}\n`])
      expect(readLink(text, 0)).toEqual(invite);
  });

  it('is damaged when any character is another', () => {
    const { link } = make();
    for (let i = 0; i < link.length; i++) {
      for (const other of ['A', '_', '+', ' ', 'é', link[i] === 'b' ? 'c' : 'b']) {
        if (other === link[i] || (other === ' ' && (i === 0 || i === link.length - 1))) continue;
        expect(readLink(link.slice(0, i) + other + link.slice(i + 1), 0)).toEqual({ refused: 'damaged' });
      }
    }
  });

  it('is damaged when cut, grown, or anything else', () => {
    const { link } = make();
    for (let length = 0; length < link.length; length++) expect(readLink(link.slice(0, length), 0)).toEqual({ refused: 'damaged' });
    for (const text of [`${link}A`, `${link}AAAA`, `A${link}`, link + link, `${' '.repeat(5000)}${link}`, 'https://example.org/', '']) {
      expect(readLink(text, 0)).toEqual({ refused: 'damaged' });
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readLink(text, 0)).toEqual({ refused: 'damaged' });
      }),
      { seed },
    );
  });

  /** A link of any first 134 bytes, with the check that belongs to them. */
  const checked = (head: Uint8Array): string => toBase64url(concat(head, kdf('invite/check', 4, head)));

  it('is damaged when it is of another version or suite, or names one mailbox twice', () => {
    const head = fromBase64url(make().link).subarray(0, 134);
    const changed = (at: number, ...values: number[]): Bytes => {
      const copy = head.slice();
      copy.set(values, at);
      return copy;
    };
    expect(readLink(checked(head), 0)).toHaveProperty('ipk');
    expect(readLink(checked(changed(0, 2)), 0)).toEqual({ refused: 'damaged' });
    expect(readLink(checked(changed(1, 1)), 0)).toEqual({ refused: 'damaged' });
    expect(readLink(checked(changed(102, ...head.subarray(70, 102))), 0)).toEqual({ refused: 'damaged' });
  });

  it('expires at its hour', () => {
    const { link } = make();
    expect(readLink(link, HOUR - 1)).toHaveProperty('ipk');
    expect(readLink(link, HOUR)).toEqual({ refused: 'expired' });
    expect(readLink(link, HOUR + 1)).toEqual({ refused: 'expired' });
  });

  it('is not made for one mailbox twice', () => {
    const terms = newTerms();
    expect(() => makeInvite(random, { ...terms, mailboxes: [terms.mailboxes[0], terms.mailboxes[0]] })).toThrow('the same');
  });
});
