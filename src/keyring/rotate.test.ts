import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, hash, isRefusal, type Bytes, type Hash } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { kem, sha256 } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { create, decodeStrict, encode, RotateBodySchema, RotateCoreSchema, RotateSchema, SignedSchema } from '../wire/index.ts';
import { MAX_TEXT } from './blob.ts';
import { EpochSecret } from './epoch-secret.ts';
import { makeRotate } from './rotate.ts';
import { cutSlices, isPrekey, MAX_SLICES, readSlices, SLICE_BYTES, slicesRoot } from './slices.ts';
import { keysets, newAddress, newDeviceId, newHash, newRoom, TestDevice } from './testing.ts';

const seed = testSeed();
const random = seededRandom(seed);
beforeAll(initCryptoNode);

function three(): [TestDevice, TestDevice, TestDevice] {
  const room = newRoom(random);
  return [new TestDevice(room, random), new TestDevice(room, random), new TestDevice(room, random)];
}

/** The core and slices of a Rotate, so that a test can change them and sign again. */
function taken(frame: Uint8Array): { core: Uint8Array; root: Uint8Array; slices: Uint8Array } {
  const rotate = decodeStrict(RotateSchema, frame);
  const signed = isRefusal(rotate) ? rotate : decodeStrict(SignedSchema, rotate.signed);
  const body = isRefusal(signed) ? signed : decodeStrict(RotateBodySchema, signed.body);
  if (isRefusal(rotate) || isRefusal(body)) throw new Error('not a Rotate');
  return { core: body.core, root: body.slicesRoot, slices: rotate.slices };
}

/** A Rotate of any core and slices, well signed by `author`. */
function signedBy(author: TestDevice, core: Uint8Array, slices: Uint8Array, root: Uint8Array = slicesRoot(slices)): Bytes {
  const body = encode(RotateBodySchema, create(RotateBodySchema, { core, slicesRoot: root }));
  return encode(RotateSchema, create(RotateSchema, { signed: author.persona.sign('rotate', body), slices }));
}

function changedCore(frame: Uint8Array, change: object): Bytes {
  const core = decodeStrict(RotateCoreSchema, taken(frame).core);
  if (isRefusal(core)) throw new Error('no core');
  return encode(RotateCoreSchema, { ...core, ...change });
}

describe('a Rotate', () => {
  it('is named by its core', () => {
    const [alice, bob] = three();
    const { epoch, frame } = alice.rotate([alice, bob], newAddress(random));
    expect(epoch).toBe(hash(sha256(taken(frame).core)));
    expect(bob.read(frame, [alice])).toMatchObject({ epoch, author: alice.id, devices: [alice.id, bob.id].toSorted() });
  });

  it('brings its author’s fresh prekey', () => {
    const [alice, bob] = three();
    const prekey = alice.keyring.newPrekey();
    const terms = { parents: [], address: newAddress(random), members: [bob.member], memberSet: newHash(random), prekey };
    const { frame } = alice.keyring.rotate({ ...terms, sign: (purpose, body) => alice.persona.sign(purpose, body) });
    expect(bob.read(frame, [alice]).prekey).toEqual(prekey);
  });

  it('that gives two members different secrets is caught by whoever got the wrong one', () => {
    const [alice, bob, carol] = three();
    const address = newAddress(random);
    const good = EpochSecret.fresh(random);
    const terms = {
      room: alice.room,
      author: alice.id,
      parents: [],
      memberSet: newHash(random),
      address,
      members: [bob.member, carol.member],
    };
    const { epoch, frame } = makeRotate({ ...terms, sign: (purpose, body) => alice.persona.sign(purpose, body) }, good, random);
    const honest = taken(frame).slices;
    const other = cutSlices(alice.room, epoch, [carol.member], random.bytes(32), random);
    const place = bob.id < carol.id ? 1 : 0;
    const slices = place === 1 ? concat(honest.subarray(0, SLICE_BYTES), other) : concat(other, honest.subarray(SLICE_BYTES));
    const deceitful = signedBy(alice, taken(frame).core, slices);
    expect(bob.read(deceitful, [alice])).toMatchObject({ mine: true });
    expect(carol.keyring.readRotate(deceitful, keysets([alice]))).toMatchObject({ mine: false, why: 'bad-commitment' });
    expect(carol.keyring.epochs()).toEqual([]);
    expect(carol.read(frame, [alice])).toMatchObject({ mine: true });
  });

  it('refuses a slice of another epoch, room, device or prekey', () => {
    const [alice, bob, carol] = three();
    const first = alice.rotate([alice, bob], newAddress(random));
    const second = alice.rotate([alice, bob], newAddress(random));
    const spliced = signedBy(alice, taken(first.frame).core, taken(second.frame).slices);
    expect(bob.keyring.readRotate(spliced, keysets([alice]))).toMatchObject({ mine: false, why: 'bad-slice' });
    const others = alice.rotate([alice, carol], newAddress(random));
    const renamed = concat(taken(first.frame).slices.subarray(0, 24), taken(others.frame).slices.subarray(24));
    expect(bob.keyring.readRotate(signedBy(alice, taken(others.frame).core, renamed), keysets([alice]))).toMatchObject({
      why: 'bad-slice',
    });
  });

  it('needs the signature of the author it names, in this room, over these slices', () => {
    const [alice, bob, carol] = three();
    const { frame } = alice.rotate([alice, bob, carol], newAddress(random));
    const { core, slices, root } = taken(frame);
    const read = (bytes: Uint8Array, members = [alice, carol], device = bob) => device.keyring.readRotate(bytes, keysets(members));
    expect(read(frame, [carol])).toMatchObject({ refused: 'unknown-author' });
    expect(bob.keyring.readRotate(frame, () => carol.persona.deviceKeyset)).toMatchObject({ refused: 'unknown-author' });
    expect(read(signedBy(carol, core, slices))).toMatchObject({ refused: 'bad-signature' });
    expect(
      read(
        encode(
          RotateSchema,
          create(RotateSchema, {
            signed: alice.persona.sign('welcome', encode(RotateBodySchema, create(RotateBodySchema, { core, slicesRoot: root }))),
            slices,
          }),
        ),
      ),
    ).toMatchObject({ refused: 'bad-signature' });
    expect(read(signedBy(alice, core, slices.subarray(SLICE_BYTES), root))).toMatchObject({ refused: 'bad-slices' });
    expect(read(frame, [alice], new TestDevice(newRoom(random), random))).toMatchObject({ refused: 'wrong-room' });
    expect(read(frame)).toMatchObject({ mine: true });
  });

  it('refuses slices out of order, twice, cut, too many, or for the author', () => {
    const [alice, bob, carol] = three();
    const { frame } = alice.rotate([alice, bob, carol], newAddress(random));
    const { core, slices } = taken(frame);
    const [one, two] = [slices.subarray(0, SLICE_BYTES), slices.subarray(SLICE_BYTES)];
    const read = (changed: Uint8Array) => bob.keyring.readRotate(signedBy(alice, core, changed), keysets([alice]));
    expect(read(concat(two, one))).toMatchObject({ refused: 'malformed' });
    expect(read(concat(one, one))).toMatchObject({ refused: 'malformed' });
    expect(isRefusal(readSlices(concat(one, two).subarray(1)))).toBe(true);
    expect(isRefusal(readSlices(new Uint8Array(SLICE_BYTES * (MAX_SLICES + 1))))).toBe(true);
    const own = cutSlices(alice.room, newHash(random), [alice.member], random.bytes(32), random);
    expect(read(own)).toMatchObject({ refused: 'bad-slices' });
  });

  it.each([
    ['another suite', { suite: 1 }],
    ['a short room', { room: new Uint8Array(31) }],
    ['a short parent', { parents: [new Uint8Array(31)] }],
    ['a parent twice', { parents: [new Uint8Array(32), new Uint8Array(32)] }],
    ['seventeen parents', { parents: Array.from({ length: 17 }, (_, i) => new Uint8Array(32).fill(i)) }],
    ['a long author', { author: new Uint8Array(17) }],
    ['no commitment', { commitment: new Uint8Array(0) }],
  ])('refuses a core with %s', (_what, change) => {
    const [alice, bob] = three();
    const { frame } = alice.rotate([alice, bob], newAddress(random));
    expect(bob.keyring.readRotate(signedBy(alice, changedCore(frame, change), taken(frame).slices), keysets([alice]))).toMatchObject({
      refused: 'malformed',
    });
  });

  it('refuses a box that was changed, though it is signed', () => {
    const [alice, bob] = three();
    const secret = EpochSecret.fresh(random);
    const commitment = secret.commitment();
    const { frame } = alice.rotate([alice, bob], newAddress(random));
    const core = changedCore(frame, { commitment, box: random.bytes(120) });
    const slices = secret.slices(alice.room, hash(sha256(core)), [bob.member], random);
    expect(bob.keyring.readRotate(signedBy(alice, core, slices), keysets([alice]))).toMatchObject({ mine: false, why: 'bad-box' });
    const body = secret.seal('epoch-body', new Uint8Array(32), new Uint8Array(40));
    const other = changedCore(frame, { commitment, box: body });
    const again = secret.slices(alice.room, hash(sha256(other)), [bob.member], random);
    expect(bob.keyring.readRotate(signedBy(alice, other, again), keysets([alice]))).toMatchObject({ mine: false, why: 'bad-box' });
  });

  it('refuses flipped bits, each cut and growth, and never throws', () => {
    const [alice, bob] = three();
    const { frame } = alice.rotate([alice, bob], newAddress(random));
    const read = (bytes: Uint8Array) => isRefusal(bob.keyring.readRotate(bytes, keysets([alice])));
    for (let bit = integerBelow(149); bit < frame.length * 8; bit += 149) {
      const flipped = frame.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(read(flipped)).toBe(true);
    }
    for (let length = 0; length < frame.length; length += 61) expect(read(frame.slice(0, length))).toBe(true);
    expect(read(concat(frame, Uint8Array.of(0)))).toBe(true);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(read(bytes)).toBe(true);
      }),
      { seed },
    );
    expect(bob.keyring.epochs()).toEqual([]);
    expect(read(frame)).toBe(false);
  });

  it('of 49 devices and 16 parents fits one blob; more is told', () => {
    const room = newRoom(random);
    const alice = new TestDevice(room, random);
    const prekey = kem.keygen(random.bytes(32)).publicKey;
    const members = Array.from({ length: MAX_SLICES }, () => ({ device: newDeviceId(random), prekey }));
    const parents: Hash[] = Array.from({ length: 16 }, () => newHash(random));
    const rotate = (list: typeof members, from = parents) =>
      alice.keyring.rotate({
        parents: from,
        address: newAddress(random),
        members: list,
        memberSet: newHash(random),
        prekey,
        sign: (purpose, body) => alice.persona.sign(purpose, body),
      });
    const { frame } = rotate(members);
    expect(frame.length).toBeLessThanOrEqual(MAX_TEXT);
    expect(() => rotate([...members, { device: newDeviceId(random), prekey }])).toThrow('do not fit one blob');
    expect(() => rotate(members, [...parents, newHash(random)])).toThrow('at most 16 parents');
    expect(() => rotate([...members.slice(1), ...members.slice(1, 2)])).toThrow('twice');
    expect(() => rotate([{ device: newDeviceId(random), prekey: new Uint8Array(1216).fill(255) }])).toThrow('no public key');
  });
});

describe('slices', () => {
  it('have the root of RFC 6962, domains apart', () => {
    const leaf = (fill: number): Bytes => new Uint8Array(SLICE_BYTES).fill(fill);
    const h = (...parts: Uint8Array[]): Bytes => sha256(concat(...parts));
    const [l1, l2, l3] = [1, 2, 3].map((fill) => h(Uint8Array.of(0), leaf(fill))) as [Bytes, Bytes, Bytes];
    expect(slicesRoot(new Uint8Array(0))).toEqual(h());
    expect(slicesRoot(leaf(1))).toEqual(l1);
    expect(slicesRoot(concat(leaf(1), leaf(2), leaf(3)))).toEqual(h(Uint8Array.of(1), h(Uint8Array.of(1), l1, l2), l3));
  });

  it('are sealed only to valid prekeys', () => {
    const { publicKey } = kem.keygen(random.bytes(32));
    expect(isPrekey(publicKey)).toBe(true);
    expect(isPrekey(publicKey.slice(1))).toBe(false);
    expect(isPrekey(new Uint8Array(1216).fill(255))).toBe(false);
    expect(isPrekey(concat(publicKey.subarray(0, 1184), new Uint8Array(32)))).toBe(false);
  });
});

const integerBelow = (below: number): number => (random.bytes(1)[0] ?? 0) % below;
