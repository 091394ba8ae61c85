import fc from 'fast-check';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, isRefusal, toHex, utf8, type Bytes } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { ed25519, hybrid, sha256 } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { CertificateSchema, create, decodeStrict, encode, SignedSchema } from '../wire/index.ts';
import {
  createPersona,
  deviceOf,
  did,
  importPersona,
  newKeysetSeed,
  personaOf,
  Signer,
  verifyCertificate,
  verifyLight,
  verifySigned,
} from './index.ts';

const seed = testSeed();
const random = seededRandom(seed);
beforeAll(initCryptoNode);

const HOUR = 500_000;
const terms = { kind: 'person', expiresHour: HOUR } as const;

const flip = (bytes: Uint8Array, bit: number): Bytes => {
  const flipped = Uint8Array.from(bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return flipped;
};

/** The fields of an encoded Signed, so that a test can change one and encode it again. */
function parts(signed: Uint8Array): { body: Uint8Array; ed25519: Uint8Array; mlDsa: Uint8Array } {
  const read = decodeStrict(SignedSchema, signed);
  if (isRefusal(read)) throw new Error(read.refused);
  return { body: read.body, ed25519: read.ed25519, mlDsa: read.mlDsa };
}
const join = (fields: ReturnType<typeof parts>): Bytes => encode(SignedSchema, create(SignedSchema, fields));

describe('a persona', () => {
  it('has the ids of its keysets, and a DID', () => {
    const persona = createPersona(random, terms);
    expect(persona.id).toBe(toHex(sha256(persona.rootKeyset)));
    expect(persona.device).toBe(toHex(sha256(persona.deviceKeyset)).slice(0, 32));
    expect(personaOf(persona.rootKeyset)).toBe(persona.id);
    expect(deviceOf(persona.deviceKeyset)).toBe(persona.device);
    expect(did(persona.id)).toMatch(/^did:sotto:[a-z2-7]{52}$/);
    expect(did(personaOf(utf8('abc')))).toBe('did:sotto:xj4bnp4pahh6uqkbidpf3lrceoyagyndsylxvhfucd7wd4qacwwq');
  });

  it('shares nothing of the device with another persona', () => {
    const [one, two] = [createPersona(random, terms), createPersona(random, terms)];
    expect(one.id).not.toBe(two.id);
    expect(one.device).not.toBe(two.device);
  });

  it('comes back from its export with the same keys', () => {
    const persona = createPersona(random, { kind: 'agent', expiresHour: HOUR });
    const back = importPersona(persona.export());
    expect(back.certificate).toEqual(persona.certificate);
    expect(verifySigned('rotate', persona.deviceKeyset, back.sign('rotate', utf8('x')))).toEqual(utf8('x'));
    expect(back.export()).toEqual(persona.export());
  });

  it('refuses a damaged export: each length and any bit', () => {
    const bytes = createPersona(random, terms).export();
    for (let length = 0; length < bytes.length; length += 61) expect(() => importPersona(bytes.slice(0, length))).toThrow('damaged');
    expect(() => importPersona(concat(bytes, Uint8Array.of(0)))).toThrow('damaged');
    // A bit of each of the four seeds: each seed is 32 bytes, the two of a keyset behind a tag and a length.
    for (const byte of [2, 34, 68, 100]) expect(() => importPersona(flip(bytes, byte * 8))).toThrow('damaged');
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        expect(() => importPersona(flip(bytes, bit))).toThrow('damaged');
      }),
      { seed, numRuns: 60 },
    );
  });

  it('prints as [secret]', () => {
    const persona = createPersona(random, terms);
    expect([JSON.stringify({ persona }), inspect(persona)]).toEqual(['{"persona":"[secret]"}', '[secret]']);
    expect(inspect(new Signer(newKeysetSeed(random)))).toBe('[secret]');
  });
});

describe('signatures', () => {
  it('verify for their purpose, keyset and body alone', () => {
    const persona = createPersona(random, terms);
    const other = createPersona(random, terms);
    const signed = persona.sign('rotate', utf8('body'));
    expect(verifySigned('rotate', persona.deviceKeyset, signed)).toEqual(utf8('body'));
    expect(verifySigned('welcome', persona.deviceKeyset, signed)).toMatchObject({ refused: 'bad-signature' });
    expect(verifySigned('rotate', other.deviceKeyset, signed)).toMatchObject({ refused: 'bad-signature' });
    expect(verifySigned('rotate', persona.rootKeyset, signed)).toMatchObject({ refused: 'bad-signature' });
    expect(verifySigned('rotate', persona.deviceKeyset.slice(1), signed)).toMatchObject({ refused: 'bad-signature' });
    expect(verifySigned('rotate', persona.deviceKeyset, join({ ...parts(signed), body: utf8('Body') }))).toMatchObject({
      refused: 'bad-signature',
    });
  });

  it('need both: neither Ed25519 nor ML-DSA stands alone', () => {
    const persona = createPersona(random, terms);
    const other = createPersona(random, terms);
    const [mine, theirs] = [parts(persona.sign('rotate', utf8('b'))), parts(other.sign('rotate', utf8('b')))];
    const mixed = [
      { ...mine, mlDsa: theirs.mlDsa },
      { ...mine, ed25519: theirs.ed25519 },
      { ...mine, mlDsa: new Uint8Array(0) },
      { ...mine, ed25519: new Uint8Array(0) },
    ];
    for (const fields of mixed)
      expect(verifySigned('rotate', persona.deviceKeyset, join(fields))).toMatchObject({ refused: 'bad-signature' });
  });

  it('refuse each flipped bit of Ed25519 and of the body, and any of ML-DSA', () => {
    const persona = createPersona(random, terms);
    const signed = persona.sign('rotate', Uint8Array.of(1, 2));
    const cheap = signed.length - 3309;
    for (let bit = 0; bit < cheap * 8; bit++) expect(isRefusal(verifySigned('rotate', persona.deviceKeyset, flip(signed, bit)))).toBe(true);
    for (let bit = cheap * 8; bit < signed.length * 8; bit += 397)
      expect(isRefusal(verifySigned('rotate', persona.deviceKeyset, flip(signed, bit)))).toBe(true);
    for (let length = 0; length < signed.length; length += 7)
      expect(isRefusal(verifySigned('rotate', persona.deviceKeyset, signed.slice(0, length)))).toBe(true);
  });

  it('start with "sotto/1/" and the purpose', () => {
    const signer = new Signer(newKeysetSeed(random));
    const signed = parts(signer.sign('rotate', utf8('b')));
    expect(hybrid.verify(signer.keyset, utf8('sotto/1/rotateb'), signed)).toBe(true);
  });

  it('come light for what is frequent: Ed25519 of the device', () => {
    const persona = createPersona(random, terms);
    const signature = persona.signLight('update', utf8('body'));
    expect(ed25519.verify(persona.deviceKeyset.subarray(0, 32), utf8('sotto/1/updatebody'), signature)).toBe(true);
    expect(verifyLight('update', persona.deviceKeyset, utf8('body'), signature)).toBe(true);
    expect(verifyLight('receipt', persona.deviceKeyset, utf8('body'), signature)).toBe(false);
    expect(verifyLight('update', persona.rootKeyset, utf8('body'), signature)).toBe(false);
    expect(verifyLight('update', persona.deviceKeyset.subarray(0, 32), utf8('body'), signature)).toBe(false);
    expect(verifyLight('update', persona.deviceKeyset, utf8('body'), signature.slice(1))).toBe(false);
    for (let bit = 0; bit < 512; bit++) expect(verifyLight('update', persona.deviceKeyset, utf8('body'), flip(signature, bit))).toBe(false);
  });
});

describe('a certificate', () => {
  const root = (): Signer => new Signer(newKeysetSeed(random));
  const certify = (signer: Signer, fields: object): Bytes => {
    const device = root().keyset;
    const whole = { suite: 3, rootKeyset: signer.keyset, deviceKeyset: device, kind: 1, expiresHour: HOUR, ...fields };
    return signer.sign('certificate', encode(CertificateSchema, create(CertificateSchema, whole)));
  };

  it('says whose device it is, until its hour', () => {
    const persona = createPersona(random, { kind: 'agent', expiresHour: HOUR });
    expect(verifyCertificate(persona.certificate, HOUR - 1)).toEqual({
      persona: persona.id,
      device: persona.device,
      rootKeyset: persona.rootKeyset,
      deviceKeyset: persona.deviceKeyset,
      kind: 'agent',
      expiresHour: HOUR,
    });
    expect(verifyCertificate(persona.certificate, HOUR)).toMatchObject({ refused: 'expired' });
  });

  it.each([
    ['another suite', { suite: 1 }],
    ['no kind', { kind: 0 }],
    ['a kind unheard of', { kind: 3 }],
    ['a short device keyset', { deviceKeyset: new Uint8Array(1983) }],
    ['a long root keyset', { rootKeyset: new Uint8Array(1985) }],
  ])('is refused with %s', (_what, fields) => {
    expect(isRefusal(verifyCertificate(certify(root(), {}), 0))).toBe(false);
    expect(verifyCertificate(certify(root(), fields), 0)).toMatchObject({ refused: 'malformed' });
  });

  it('is refused under another root, or signed by the device itself', () => {
    expect(verifyCertificate(certify(root(), { rootKeyset: root().keyset }), 0)).toMatchObject({ refused: 'bad-signature' });
    const persona = createPersona(random, terms);
    const body = parts(persona.certificate).body;
    expect(verifyCertificate(persona.sign('certificate', body), 0)).toMatchObject({ refused: 'bad-signature' });
  });

  it('never reads as the same device with a bit flipped, and never throws', () => {
    const { certificate } = createPersona(random, terms);
    fc.assert(
      fc.property(fc.nat(certificate.length * 8 - 1), (bit) => {
        expect(isRefusal(verifyCertificate(flip(certificate, bit), 0))).toBe(true);
      }),
      { seed, numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(isRefusal(verifyCertificate(bytes, 0))).toBe(true);
      }),
      { seed },
    );
  });
});
