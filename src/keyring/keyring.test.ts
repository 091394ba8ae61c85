import fc from 'fast-check';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, hash, idBytes, integer, isRefusal, toHex, u32, utf8, type Hash, type Random } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { kdf } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { topics, type Address } from './address.ts';
import { BlobKind } from './blob.ts';
import { EpochSecret } from './epoch-secret.ts';
import { MAX_BATCH, MAX_JOIN_EPOCHS, MAX_ROOM_EPOCHS, sealForBoth } from './keyring.ts';
import { PREKEY_LIFE_AFTER_SUCCESSOR } from './prekeys.ts';
import { decodeEpoch, encodeEpoch } from './records.ts';
import { importChain, MAX_SKIPPED } from './sender-chain.ts';
import { anybody, blobOf, newAddress, newHash, newRoom, NOW, TestDevice } from './testing.ts';

const seed = testSeed();
const random = seededRandom(seed);
beforeAll(initCryptoNode);

const HOUR = 3_600_000;

/** Devices of one room; the first has made an epoch that all have opened. */
function roomOf(count: number, chance: Random = random): { devices: TestDevice[]; address: Address; epoch: Hash; frame: Uint8Array } {
  const room = newRoom(chance);
  const devices = Array.from({ length: count }, () => new TestDevice(room, chance));
  const [first] = devices;
  if (first === undefined) throw new Error('nobody');
  const address = newAddress(chance);
  const { epoch, frame } = first.rotate(devices, address);
  for (const device of devices) {
    device.read(frame, devices);
    device.commit();
  }
  return { devices, address, epoch, frame };
}

function pair(): { alice: TestDevice; bob: TestDevice; address: Address; epoch: Hash; frame: Uint8Array } {
  const { devices, ...rest } = roomOf(2);
  const [alice, bob] = devices;
  if (alice === undefined || bob === undefined) throw new Error('nobody');
  return { alice, bob, ...rest };
}

describe('messages under an epoch', () => {
  it('are opened by every other device, once, from either mailbox', () => {
    const { devices, address, epoch } = roomOf(3);
    const [alice, bob, carol] = devices;
    const { index, blobs } = alice?.keyring.seal(epoch, utf8('hello')) ?? { index: -1, blobs: [] };
    expect(index).toBe(0);
    expect(blobs.map(({ topic }) => topic.mailbox)).toEqual(address.mailboxes);
    expect(bob?.open(address, blobOf(blobs, 0))).toEqual({ kind: 'update', epoch, device: alice?.id, index: 0, text: utf8('hello') });
    expect(bob?.open(address, blobOf(blobs, 1))).toMatchObject({ refused: 'repeated' });
    expect(carol?.open(address, blobOf(blobs, 1))).toMatchObject({ text: utf8('hello') });
    expect(carol?.open(address, blobOf(blobs, 0))).toMatchObject({ refused: 'repeated' });
    expect(alice?.open(address, blobOf(blobs, 0))).toMatchObject({ refused: 'own' });
  });

  it('share no bytes between the two mailboxes, neither topic nor blob', () => {
    const { alice, address, epoch } = pair();
    const [one, two] = alice.keyring.seal(epoch, utf8('hello')).blobs;
    const windows = new Set<string>();
    for (let i = 0; i + 8 <= (one?.blob.length ?? 0); i++) windows.add(toHex(one?.blob.subarray(i, i + 8) ?? new Uint8Array(0)));
    for (let i = 0; i + 8 <= (two?.blob.length ?? 0); i++)
      expect(windows.has(toHex(two?.blob.subarray(i, i + 8) ?? new Uint8Array(0)))).toBe(false);
    const [first, second] = topics(address);
    expect(first.id).not.toBe(second.id);
    expect(toHex(first.topic.seed)).not.toBe(toHex(second.topic.seed));
  });

  it('stay closed under another topic, address, room or device', () => {
    const { alice, bob, address, epoch } = pair();
    const { blob } = blobOf(alice.keyring.seal(epoch, utf8('a')).blobs);
    const [first, second] = topics(address);
    expect(bob.keyring.open(address, second.id, blob, anybody)).toMatchObject({ refused: 'forged' });
    expect(bob.keyring.open(newAddress(random), first.id, blob, anybody)).toMatchObject({ refused: 'forged' });
    const elsewhere = pair();
    expect(elsewhere.bob.keyring.open(address, first.id, blob, anybody)).toMatchObject({ refused: 'unknown-epoch' });
    expect(bob.keyring.open(address, first.id, blob, anybody)).toMatchObject({ text: utf8('a') });
  });

  it('are refused at an address that is not their epoch’s, even to who knows both', () => {
    const { alice, bob, epoch } = pair();
    const other = newAddress(random);
    const next = alice.rotate([alice, bob], other, [epoch]);
    bob.read(next.frame, [alice]);
    const chained = {
      id: newHash(random),
      address: newAddress(random),
      memberSet: newHash(random),
      devices: [alice.id, bob.id].toSorted(),
    };
    alice.keyring.adoptJoinEpoch({ ...chained, address: other }, new EpochSecret(new Uint8Array(32).fill(9)));
    bob.keyring.adoptJoinEpoch(chained, new EpochSecret(new Uint8Array(32).fill(9)));
    expect(bob.open(other, blobOf(alice.keyring.seal(chained.id, utf8('a')).blobs))).toMatchObject({ refused: 'wrong-address' });
  });

  it('are refused of a member who did not write them, and use up nobody’s place', () => {
    const { devices, address, epoch } = roomOf(3);
    const [alice, bob, carol] = devices;
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('nobody');
    bob.commit();
    const place = [alice.id, bob.id, carol.id].toSorted().indexOf(alice.id);
    const found = importChain(bob.disk.get(`k/c/0/${place}`) ?? new Uint8Array(0), []).find(1_900);
    if (isRefusal(found)) throw new Error(found.refused);
    const header = { kind: BlobKind.UPDATE, epoch: idBytes(epoch).slice(0, 8), device: idBytes(alice.id), index: found.index };
    const statement = concat(idBytes(epoch), u32(found.index), utf8('a'));
    const forged = (signature: Uint8Array) => blobOf(sealForBoth(address, header, found.key, concat(signature, utf8('a')), random));
    carol.commit();
    expect(carol.open(address, forged(bob.persona.signLight('batch', statement)))).toMatchObject({ refused: 'bad-signature' });
    expect(carol.open(address, forged(alice.persona.signLight('update', statement)))).toMatchObject({ refused: 'bad-signature' });
    expect(carol.open(address, forged(new Uint8Array(0)))).toMatchObject({ refused: 'bad-signature' });
    // What she said at one place says nothing at another.
    const said = concat(idBytes(epoch), u32(0), utf8('a'));
    expect(carol.open(address, forged(alice.persona.signLight('batch', said)))).toMatchObject({ refused: 'bad-signature' });
    expect(carol.keyring.drain()).toEqual({ put: [], delete: [] });
    const { id } = topics(address)[0];
    const { blob } = blobOf(alice.keyring.seal(epoch, utf8('a')).blobs);
    expect(carol.keyring.open(address, id, blob, () => undefined)).toMatchObject({ refused: 'unknown-sender' });
    expect(carol.keyring.open(address, id, blob, anybody)).toMatchObject({ text: utf8('a') });
    expect(carol.open(address, forged(alice.persona.signLight('batch', statement)))).toMatchObject({ index: 1_900 });
  });

  it('are no rotations, and rotations no messages', () => {
    const { alice, bob, address, epoch, frame } = pair();
    expect(bob.open(address, blobOf(alice.keyring.sealRotation(address, frame)))).toEqual({ kind: 'rotation', text: frame });
    expect(bob.open(address, blobOf(alice.keyring.seal(epoch, frame).blobs))).toMatchObject({ kind: 'update' });
  });

  it('refuse each flipped bit, and after that open as ever', () => {
    const { alice, bob, address, epoch } = pair();
    const sealed = blobOf(alice.keyring.seal(epoch, utf8('a')).blobs);
    bob.commit();
    for (let bit = 0; bit < sealed.blob.length * 8; bit += 7) {
      const blob = sealed.blob.slice();
      blob[bit >> 3] = (blob[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(bob.open(address, { ...sealed, blob })).toMatchObject({ refused: 'forged' });
    }
    expect(bob.keyring.drain()).toEqual({ put: [], delete: [] });
    expect(bob.open(address, sealed)).toMatchObject({ text: utf8('a') });
  });

  it('refuse what is too far ahead, and keep at most 2,000 keys of what was lost', () => {
    const { alice, bob, address, epoch } = pair();
    const sent = Array.from({ length: MAX_SKIPPED + 2 }, () => blobOf(alice.keyring.seal(epoch, utf8('a')).blobs));
    expect(bob.open(address, blobOf(sent, MAX_SKIPPED + 1))).toMatchObject({ refused: 'too-far' });
    expect(bob.open(address, blobOf(sent, MAX_SKIPPED))).toMatchObject({ kind: 'update' });
    bob.commit();
    expect([...bob.disk.keys()].filter((key) => key.startsWith('k/s/'))).toHaveLength(MAX_SKIPPED);
    bob.crash();
    expect(bob.open(address, blobOf(sent, 0))).toMatchObject({ index: 0 });
    expect(bob.open(address, blobOf(sent, MAX_SKIPPED + 1))).toMatchObject({ index: MAX_SKIPPED + 1 });
    bob.commit();
    expect([...bob.disk.keys()].filter((key) => key.startsWith('k/s/'))).toHaveLength(MAX_SKIPPED - 1);
  });

  it('fit one blob or are not sealed, and then no index is used', () => {
    const { alice, bob, address, epoch } = pair();
    expect(() => alice.keyring.seal(epoch, new Uint8Array(MAX_BATCH + 1))).toThrow('split it');
    expect(() => alice.keyring.seal(newHash(random), utf8('a'))).toThrow('not open');
    const { index, blobs } = alice.keyring.seal(epoch, new Uint8Array(MAX_BATCH));
    expect(index).toBe(0);
    expect(bob.open(address, blobOf(blobs))).toMatchObject({ text: new Uint8Array(MAX_BATCH) });
  });

  it('are found in the right one of two epochs whose ids begin alike', () => {
    const { alice, bob } = pair();
    const address = newAddress(random);
    const ids = [1, 2].map((end) => hash(concat(new Uint8Array(31).fill(5), Uint8Array.of(end))));
    for (const [i, id] of ids.entries()) {
      const info = { id, address, memberSet: newHash(random), devices: [alice.id, bob.id].toSorted() };
      for (const device of [alice, bob]) device.keyring.adoptJoinEpoch(info, new EpochSecret(new Uint8Array(32).fill(i + 1)));
    }
    for (const id of ids)
      expect(bob.open(address, blobOf(alice.keyring.seal(id, utf8(id)).blobs))).toMatchObject({ epoch: id, text: utf8(id) });
  });
});

describe('delivery in any order, with losses, repeats and crashes', () => {
  /** Alice and the others send and crash; what was posted reaches the others in any order, some of it never, some of it twice. */
  function run(chance: Random): void {
    const { devices, address, epoch } = roomOf(3, chance);
    const posted: { from: TestDevice; text: string; blobs: ReturnType<TestDevice['keyring']['seal']>['blobs'] }[] = [];
    const indexes = new Set<string>();
    const got = new Map(devices.map((device) => [device, new Set<string>()]));
    for (let step = 0; step < 60; step++) {
      const device = devices[integer(chance, devices.length)];
      if (device === undefined) throw new Error('nobody');
      if (integer(chance, 2) === 0) {
        const text = `${device.id} ${step}`;
        const { index, blobs } = device.keyring.seal(epoch, utf8(text));
        if (integer(chance, 4) === 0) {
          device.crash();
          continue;
        }
        device.commit();
        expect(indexes.has(`${device.id}/${index}`)).toBe(false);
        indexes.add(`${device.id}/${index}`);
        posted.push({ from: device, text, blobs });
        continue;
      }
      const letter = posted[integer(chance, posted.length)];
      if (letter === undefined) continue;
      const seen = got.get(device)?.has(letter.text) === true;
      const opened = device.open(address, blobOf(letter.blobs, integer(chance, 2)));
      if (letter.from === device) expect(opened).toMatchObject({ refused: 'own' });
      else if (seen) expect(opened).toMatchObject({ refused: 'repeated' });
      else expect(opened).toMatchObject({ device: letter.from.id, text: utf8(letter.text) });
      if (integer(chance, 4) === 0) {
        device.crash();
        continue;
      }
      device.commit();
      if (!isRefusal(opened)) got.get(device)?.add(letter.text);
    }
    for (const device of devices) {
      device.crash();
      for (const { from, text, blobs } of posted.toReversed()) {
        if (from === device || got.get(device)?.has(text) === true) continue;
        expect(device.open(address, blobOf(blobs))).toMatchObject({ text: utf8(text) });
      }
    }
  }

  it('opens every message exactly once, and uses no index twice', () => {
    fc.assert(
      fc.property(fc.nat(), (from) => {
        run(seededRandom(from));
      }),
      { seed, numRuns: 10 },
    );
  });
});

describe('epochs', () => {
  it('tell what they are, and survive a restart', () => {
    const { alice, bob, address, epoch } = pair();
    const next = alice.rotate([alice, bob], newAddress(random), [epoch]);
    bob.read(next.frame, [alice]);
    bob.commit();
    const told = bob.keyring.epochs();
    expect(told).toMatchObject([
      { id: epoch, join: false, parents: [], address, devices: [alice.id, bob.id].toSorted(), openedAt: NOW },
      { id: next.epoch, parents: [epoch] },
    ]);
    bob.crash();
    expect(bob.keyring.epochs()).toEqual(told);
  });

  it('opened after a restart take no older one’s place', () => {
    const { alice, bob, address, epoch } = pair();
    bob.crash();
    const next = alice.rotate([alice, bob], newAddress(random), [epoch]);
    bob.read(next.frame, [alice]);
    bob.commit();
    bob.crash();
    expect(bob.keyring.epochs().map(({ id }) => id)).toEqual([epoch, next.epoch]);
    expect(bob.open(address, blobOf(alice.keyring.seal(epoch, utf8('a')).blobs))).toMatchObject({ text: utf8('a') });
  });

  it('can be of one device', () => {
    const { devices, address, epoch } = roomOf(1);
    const sealed = devices[0]?.keyring.seal(epoch, utf8('to myself')).blobs ?? [];
    expect(devices[0]?.open(address, blobOf(sealed))).toMatchObject({ refused: 'own' });
  });

  it('made at the same time are all readable by all', () => {
    const { devices, epoch } = roomOf(3);
    const made = devices.map((device) => {
      const address = newAddress(random);
      return { device, address, ...device.rotate(devices, address, [epoch]) };
    });
    for (const device of devices) {
      for (const { frame } of made.toReversed()) expect(device.read(frame, devices)).toMatchObject({ mine: true, parents: [epoch] });
    }
    for (const { device: from, address, epoch: id } of made) {
      const { blobs } = from.keyring.seal(id, utf8('x'));
      for (const device of devices)
        if (device !== from) expect(device.open(address, blobOf(blobs))).toMatchObject({ epoch: id, text: utf8('x') });
    }
  });

  it('shut out a device that is not in them, though it knows the address', () => {
    const { devices, address, epoch } = roomOf(3);
    const [alice, bob, removed] = devices;
    if (alice === undefined || bob === undefined || removed === undefined) throw new Error('nobody');
    const next = alice.rotate([alice, bob], address, [epoch]);
    bob.read(next.frame, devices);
    expect(removed.read(next.frame, devices)).toMatchObject({ mine: false, why: 'no-slice' });
    const { blobs } = alice.keyring.seal(next.epoch, utf8('after'));
    expect(removed.open(address, blobOf(blobs))).toMatchObject({ refused: 'unknown-epoch' });
    expect(() => removed.keyring.seal(next.epoch, utf8('x'))).toThrow('not open');
    expect(bob.open(address, blobOf(removed.keyring.seal(epoch, utf8('late')).blobs))).toMatchObject({ epoch, device: removed.id });
  });

  it('once closed hold no key, and never open again', () => {
    const { alice, bob, address, epoch, frame } = pair();
    const sealed = blobOf(alice.keyring.seal(epoch, utf8('a')).blobs);
    const later = blobOf(alice.keyring.seal(epoch, utf8('b')).blobs);
    bob.open(address, later);
    bob.commit();
    bob.keyring.close(epoch);
    bob.commit();
    expect([...bob.disk.keys()].filter((key) => /^k\/[ecs]\//.test(key))).toEqual([]);
    for (const restart of [false, true]) {
      if (restart) bob.crash();
      expect(bob.keyring.epochs()).toEqual([]);
      expect(bob.open(address, sealed)).toMatchObject({ refused: 'unknown-epoch' });
      expect(bob.read(frame, [alice])).toMatchObject({ mine: false, why: 'closed' });
    }
    alice.keyring.close(epoch);
    expect(alice.read(frame, [alice])).toMatchObject({ mine: false, why: 'no-slice' });
  });

  it('forget that they were closed once their prekey is gone', () => {
    const { alice, bob, epoch, frame } = pair();
    bob.keyring.close(epoch);
    bob.keyring.prekeyPosted(bob.keyring.newPrekey(), NOW);
    bob.keyring.expire(NOW + PREKEY_LIFE_AFTER_SUCCESSOR);
    bob.commit();
    expect([...bob.disk.keys()].filter((key) => key.startsWith('k/x/'))).toEqual([]);
    expect(bob.read(frame, [alice])).toMatchObject({ mine: false, why: 'no-prekey' });
  });

  it('read twice keep their chains where they are', () => {
    const { alice, bob, address, epoch, frame } = pair();
    const { blobs } = alice.keyring.seal(epoch, utf8('a'));
    bob.open(address, blobOf(blobs));
    expect(bob.read(frame, [alice])).toMatchObject({ mine: true, address });
    expect(bob.open(address, blobOf(blobs))).toMatchObject({ refused: 'repeated' });
  });

  it('of Joins are bounded, so that a flood of them shuts nothing else out', () => {
    const { alice, bob, epoch } = pair();
    const flood = () =>
      bob.keyring.adoptJoinEpoch(
        { id: newHash(random), address: newAddress(random), memberSet: newHash(random), devices: [bob.id] },
        EpochSecret.fresh(random),
      );
    for (let i = 0; i < MAX_JOIN_EPOCHS; i++) expect(flood()).toBeUndefined();
    expect(flood()).toMatchObject({ refused: 'full' });
    expect(bob.read(alice.rotate([alice, bob], newAddress(random), [epoch]).frame, [alice])).toMatchObject({ mine: true });
    const joined = bob.keyring.epochs().find(({ join }) => join);
    bob.keyring.close(joined?.id ?? epoch);
    expect(flood()).toBeUndefined();
  });

  it('made in a flood by a member are refused past a bound', () => {
    const { alice, bob } = pair();
    const made = Array.from({ length: 3 }, () => alice.rotate([alice, bob], newAddress(random)).frame);
    bob.read(made[0] ?? new Uint8Array(0), [alice]);
    const [first, last] = [made[1], made[2]].map((frame) => frame ?? new Uint8Array(0));
    const { put } = bob.keyring.drain();
    for (const [key, value] of put) bob.disk.set(key, value);
    const template = bob.disk.get('k/e/1') ?? new Uint8Array(0);
    for (let n = bob.keyring.epochs().length; n < MAX_ROOM_EPOCHS - 1; n++) {
      const { epoch, openedBy } = decodeEpoch(template);
      bob.disk.set(`k/e/${n}`, encodeEpoch({ ...epoch, id: newHash(random) }, openedBy));
      for (const d of [0, 1]) bob.disk.set(`k/c/${n}/${d}`, new Uint8Array(36));
    }
    bob.crash();
    expect(bob.read(first ?? template, [alice])).toMatchObject({ mine: true });
    expect(bob.keyring.readRotate(last ?? template, () => alice.persona.deviceKeyset)).toMatchObject({ refused: 'full' });
    expect(bob.read(first ?? template, [alice])).toMatchObject({ mine: true });
  });

  it('tell nothing of their keys', () => {
    const { alice } = pair();
    expect(Object.keys(alice.keyring.epochs()[0] ?? {}).toSorted()).toEqual([
      'address',
      'devices',
      'id',
      'join',
      'memberSet',
      'openedAt',
      'parents',
    ]);
  });

  it('leave their secret nowhere', () => {
    const made: Uint8Array[] = [];
    const room = newRoom(random);
    const spy: Random = {
      bytes: (length) => {
        const bytes = random.bytes(length);
        made.push(bytes.slice());
        return bytes;
      },
    };
    const [alice, bob] = [new TestDevice(room, spy), new TestDevice(room, random)];
    const before = made.length;
    const { frame } = alice.rotate([alice, bob], newAddress(random));
    const secret = toHex(made[before] ?? new Uint8Array(0));
    expect(secret).toHaveLength(64);
    bob.read(frame, [alice]);
    for (const device of [alice, bob]) {
      device.commit();
      for (const value of device.disk.values()) expect(toHex(value)).not.toContain(secret);
    }
    expect(toHex(frame)).not.toContain(secret);
    const held = new EpochSecret(random.bytes(32));
    alice.keyring.adoptJoinEpoch(
      { id: newHash(random), address: newAddress(random), memberSet: newHash(random), devices: [alice.id] },
      held,
    );
    expect(held.commitment()).toEqual(kdf('commit', 32, new Uint8Array(32)));
    expect(JSON.stringify(EpochSecret.fresh(random)) + inspect(EpochSecret.fresh(random))).toBe('"[secret]"EpochSecret {}');
  });
});

describe('prekeys', () => {
  it('open rotations until 48 h after their successor was posted', () => {
    const { alice, bob, epoch } = pair();
    const successor = bob.keyring.newPrekey();
    bob.keyring.expire(NOW + 1000 * HOUR);
    const old = alice.rotate([alice, bob], newAddress(random), [epoch]);
    bob.keyring.prekeyPosted(successor, NOW);
    bob.keyring.expire(NOW + PREKEY_LIFE_AFTER_SUCCESSOR - 1);
    bob.commit();
    bob.crash();
    expect(bob.read(old.frame, [alice])).toMatchObject({ mine: true });
    const late = alice.rotate([alice, bob], newAddress(random), [epoch]);
    bob.keyring.expire(NOW + PREKEY_LIFE_AFTER_SUCCESSOR);
    expect(bob.read(late.frame, [alice])).toMatchObject({ mine: false, why: 'no-prekey' });
    bob.commit();
    bob.crash();
    expect(bob.read(late.frame, [alice])).toMatchObject({ mine: false, why: 'no-prekey' });
    bob.prekey = successor;
    expect(bob.read(alice.rotate([alice, bob], newAddress(random), [epoch]).frame, [alice])).toMatchObject({ mine: true });
  });

  it('count their 48 h from the first successor posted, whichever it is', () => {
    const { alice, bob, epoch } = pair();
    const [second, third] = [bob.keyring.newPrekey(), bob.keyring.newPrekey()];
    bob.keyring.prekeyPosted(third, NOW);
    bob.keyring.prekeyPosted(second, NOW + HOUR);
    const old = alice.rotate([alice, bob], newAddress(random), [epoch]);
    bob.keyring.expire(NOW + PREKEY_LIFE_AFTER_SUCCESSOR);
    expect(bob.read(old.frame, [alice])).toMatchObject({ why: 'no-prekey' });
    bob.keyring.expire(NOW + 1000 * HOUR);
    bob.prekey = third;
    expect(bob.read(alice.rotate([alice, bob], newAddress(random), [epoch]).frame, [alice])).toMatchObject({ mine: true });
  });

  it('of an invite stay until they are erased, and have no part in the succession', () => {
    const { alice, bob, epoch } = pair();
    const own = bob.prekey;
    bob.prekey = bob.keyring.newInvitePrekey();
    bob.keyring.prekeyPosted(bob.prekey, NOW);
    bob.keyring.expire(NOW + 1000 * HOUR);
    expect(bob.read(alice.rotate([alice, { member: { device: bob.id, prekey: own } }], newAddress(random)).frame, [alice])).toMatchObject({
      mine: true,
    });
    const successor = bob.keyring.newPrekey();
    bob.keyring.prekeyPosted(successor, NOW);
    bob.keyring.expire(NOW + 1000 * HOUR);
    const made = alice.rotate([alice, bob], newAddress(random), [epoch]);
    const after = alice.rotate([alice, bob], newAddress(random), [epoch]);
    expect(bob.read(made.frame, [alice])).toMatchObject({ mine: true });
    bob.keyring.erasePrekey(bob.prekey);
    expect(bob.read(after.frame, [alice])).toMatchObject({ why: 'no-prekey' });
    bob.prekey = successor;
    expect(bob.read(alice.rotate([alice, bob], newAddress(random), [epoch]).frame, [alice])).toMatchObject({ mine: true });
  });
});

describe('records', () => {
  it('that are damaged are told, never guessed', () => {
    const { alice } = pair();
    const restore = (change: (disk: Map<string, Uint8Array>) => void) => () => {
      const other = new TestDevice(alice.room, random);
      for (const [key, value] of alice.disk) other.disk.set(key, value);
      change(other.disk);
      other.crash();
    };
    expect(restore(() => undefined)).not.toThrow();
    expect(restore((disk) => disk.set('k/e/0', utf8('x')))).toThrow('epoch is damaged');
    expect(restore((disk) => disk.delete('k/c/0/1'))).toThrow('chain is missing');
    expect(restore((disk) => disk.set(`k/p/${'00'.repeat(8)}`, utf8('x')))).toThrow('prekey is damaged');
    expect(restore((disk) => disk.set('k/z', utf8('x')))).toThrow('no record is called');
  });

  it('hold of each change the last', () => {
    const { alice, epoch } = pair();
    alice.keyring.seal(epoch, utf8('a'));
    alice.keyring.seal(epoch, utf8('b'));
    const { put, delete: gone } = alice.keyring.drain();
    expect(put).toHaveLength(1);
    expect(put[0]?.[1].subarray(0, 4)).toEqual(Uint8Array.of(0, 0, 0, 2));
    expect(gone).toEqual([]);
    expect(alice.keyring.drain()).toEqual({ put: [], delete: [] });
  });

  it('have names that tell no device', () => {
    const { alice, bob } = pair();
    for (const key of alice.disk.keys()) for (const id of [alice.id, bob.id, alice.room]) expect(key).not.toContain(toHex(idBytes(id)));
  });
});
