/** Vectors of an epoch, its chains and its blobs (docs/protocol.md §7.1, §8.2). */
import { concat, hash, idBytes, isRefusal, refuse, u32, utf8, type Bytes, type Hash, type TopicId } from '../../src/base/index.ts';
import { kdf, sha256 } from '../../src/crypto/index.ts';
import { BlobKind, EpochSecret, openUnchained, topics, unchained } from '../../src/keyring/index.ts';
import { openBody, openHeader, sealBlob, type Header } from '../../src/keyring/blob.ts';
import { makeRotate, readRotate } from '../../src/keyring/rotate.ts';
import { SenderChain } from '../../src/keyring/sender-chain.ts';
import { prekeyId, slicesRoot } from '../../src/keyring/slices.ts';
import { at, Draws, fixed, taken, type Case } from './case.ts';
import { address, ana, ben, benKey, benPrekey, cai, caiKey, caiPrekey, invite, keyringOf, mailboxBytes, room } from './people.ts';

const topic: TopicId = at(topics(address), 0).id;

export function epochs(): Case[] {
  const draws = new Draws('rotate');
  const secret = EpochSecret.fresh(draws);
  const memberSet = hash(
    sha256(
      concat(
        ...[ana, ben, cai]
          .map(({ persona }) => persona.device)
          .toSorted()
          .map((device) => idBytes(device)),
      ),
    ),
  );
  const parent = hash(fixed('parent-epoch', 32));
  const made = makeRotate(
    {
      room,
      author: ana.persona.device,
      parents: [parent],
      memberSet,
      address,
      members: [
        { device: ben.persona.device, prekey: benPrekey },
        { device: cai.persona.device, prekey: caiPrekey },
      ],
      sign: (purpose, body) => ana.persona.sign(purpose, body),
    },
    secret,
    draws,
  );
  const read = taken(readRotate(made.frame, room, () => ana.persona.deviceKeyset));
  const chain0 = secret.chain(room, made.epoch, ana.persona.device);
  const chain = new SenderChain(chain0.slice());
  const keys = [chain.take().key, chain.take().key, chain.take().key];
  const derived = {
    epoch: idBytes(made.epoch),
    commitment: read.commitment,
    prekeyIds: { ben: prekeyId(benPrekey), cai: prekeyId(caiPrekey) },
    slicesRoot: slicesRoot(concat(...read.slices.map((s) => concat(idBytes(s.device), s.prekeyId, s.sealed)))),
    chain0OfAuthor: chain0,
  };
  const rotate: Case = {
    name: 'rotate',
    section: '8.2',
    given: {
      room: idBytes(room),
      author: 'ana',
      parents: [idBytes(parent)],
      address: address.secret,
      mailboxes: mailboxBytes,
      members: ['ben, prekey of draw 0 of prekey/ben', 'cai, prekey of draw 0 of prekey/cai'],
      memberSet: idBytes(memberSet),
      prekeySeeds: { ben: at(benKey.made, 0), cai: at(caiKey.made, 0) },
    },
    draws,
    derived,
    frame: made.frame,
    read: (frame) => {
      const fresh = keyringOf(ben.persona, room, new Draws('prekey/ben'));
      fresh.newPrekey();
      const opened = fresh.readRotate(frame, () => ana.persona.deviceKeyset);
      if (isRefusal(opened)) return opened;
      return opened.mine && opened.address !== undefined
        ? concat(idBytes(opened.epoch), opened.address.secret)
        : refuse(opened.why ?? 'closed');
    },
    reads: concat(idBytes(made.epoch), address.secret),
  };
  return [rotate, ...blobs(made.epoch, chain0, keys)];
}

function blob(
  name: string,
  given: Case['given'],
  header: Header,
  secret: Bytes,
  of: TopicId,
  key: Bytes,
  text: Bytes,
  derived: Case['given'],
): Case {
  const draws = new Draws(`blob/${name}`);
  const frame = sealBlob(secret, of, header, key, text, draws);
  return {
    name: `blob/${name}`,
    section: '7.1',
    given: { address: secret, topic: idBytes(of), kind: header.kind, ...given },
    draws,
    derived: { headerKey: kdf('header', 32, secret), key, ...derived },
    frame,
    read: (bytes) => {
      const opened = openHeader(secret, of, bytes);
      return isRefusal(opened) ? opened : openBody(key, of, bytes, opened.length);
    },
    reads: text,
  };
}

function blobs(epoch: Hash, chain0: Bytes, keys: readonly Bytes[]): Case[] {
  const batch = utf8('a batch');
  const text = concat(ana.persona.signLight('batch', concat(idBytes(epoch), u32(2), batch)), batch);
  const header: Header = { kind: BlobKind.UPDATE, epoch: idBytes(epoch).slice(0, 8), device: idBytes(ana.persona.device), index: 2 };
  const inviteTopic = at(topics(invite.address), 0).id;
  const { welcomeKey } = invite;
  const posted = utf8('a posted thing');
  const longText = fixed('long-text', 787);
  return [
    blob(
      'update',
      {
        epoch: idBytes(epoch),
        device: idBytes(ana.persona.device),
        index: 2,
        chain0,
        batch,
        signature: "ana's, light, 'batch', over R | index | batch",
      },
      header,
      address.secret,
      topic,
      at(keys, 2),
      text,
      { mk0: at(keys, 0), mk1: at(keys, 1) },
    ),
    blob(
      'rotation',
      { text: 'SHAKE256("sotto/vectors/long-text"), 787 bytes: one more than the smallest size holds' },
      unchained(BlobKind.ROTATION),
      address.secret,
      topic,
      kdf('rotation', 32, address.secret),
      longText,
      {},
    ),
    {
      ...blob(
        'invite',
        { text: posted, welcomeKey },
        unchained(BlobKind.INVITE),
        invite.address.secret,
        inviteTopic,
        welcomeKey,
        posted,
        {},
      ),
      read: (frame) => openUnchained(BlobKind.INVITE, invite.address.secret, inviteTopic, welcomeKey, frame),
    },
  ];
}
