/** Vectors of certificates and of the membership log (docs/protocol.md §2, §8.1). */
import { concat, hash, idBytes, isRefusal, type Bytes, type Hash } from '../../src/base/index.ts';
import { did, verifyCertificate, verifySigned } from '../../src/identity/index.ts';
import { hlcAt } from '../../src/replica/index.ts';
import { authorOperation, readOperation, type OperationContent } from '../../src/room/operation.ts';
import { fixed, reader, taken, type Case } from './case.ts';
import {
  ana,
  anaPrekey,
  ben,
  benPrekey,
  cai,
  CERTIFIED,
  created,
  createSigned,
  EXPIRES,
  HOUR,
  invite,
  mailboxes,
  NOW,
  room,
  salt,
} from './people.ts';

export function identities(): Case[] {
  return Object.entries({ ana, ben, cai }).map(([name, { persona, draws }]) => ({
    name: `certificate/${name}`,
    section: '2',
    given: { kind: 'person', expiresHour: CERTIFIED },
    draws,
    derived: {
      rootKeyset: persona.rootKeyset,
      deviceKeyset: persona.deviceKeyset,
      persona: idBytes(persona.id),
      device: idBytes(persona.device),
      did: did(persona.id),
    },
    frame: persona.certificate,
    read: reader(
      (frame) => verifyCertificate(frame, HOUR),
      (read) => concat(idBytes(read.persona), idBytes(read.device)),
    ),
    reads: concat(idBytes(persona.id), idBytes(persona.device)),
  }));
}

/** By ana, the owner. */
function operation(name: string, given: Case['given'], signed: Bytes): Case {
  const { hash: own } = taken(readOperation(signed));
  return {
    name: `operation/${name}`,
    section: '8.1',
    given: { author: 'ana, certificate/ana', hlc: `${hlcAt(NOW)}`, ...given },
    derived: { hash: idBytes(own) },
    frame: signed,
    read: (frame) => {
      const read = readOperation(frame);
      if (isRefusal(read)) return read;
      const verified = verifySigned('operation', ana.persona.deviceKeyset, frame);
      return isRefusal(verified) ? verified : idBytes(read.hash);
    },
    reads: idBytes(own),
  };
}

export function log(joinHash: Hash): Case[] {
  const step = (parents: readonly Hash[], content: OperationContent): Bytes =>
    authorOperation({ room, parents, now: NOW, content }, ana.persona);
  const hashOf = (signed: Bytes): Hash => taken(readOperation(signed)).hash;
  const { ipk, welcomeKey } = invite;
  const invited = step([created.hash], {
    invite: { ipk, address: invite.address.secret, welcomeKey, mailboxes, uses: 1, expiresHour: EXPIRES },
  });
  const admitted = step([hashOf(invited)], {
    admit: { joinHash, ipk, certificate: ben.persona.certificate, prekey: benPrekey, name: 'Ben' },
  });
  const last = { device: ben.persona.device, segment: 0, seq: 3, hash: hash(fixed('last-update', 32)) };
  const removed = step([hashOf(admitted)], { remove: { persona: ben.persona.id, devices: [ben.persona.device], heads: [last] } });
  const parent = (signed: Bytes): { parents: readonly Bytes[] } => ({ parents: [idBytes(hashOf(signed))] });
  return [
    operation(
      'create',
      { prekey: anaPrekey, salt, policy: { suite: 3, ownersInvite: false, personAdmits: false, historyDays: 7 } },
      createSigned,
    ),
    operation('invite', { parents: [idBytes(created.hash)], invite: 'that of invite-link', uses: 1, expiresHour: EXPIRES }, invited),
    operation(
      'admit',
      { ...parent(invited), joinHash: idBytes(joinHash), certificate: 'frame of certificate/ben', prekey: benPrekey, name: 'Ben' },
      admitted,
    ),
    operation(
      'remove',
      { ...parent(admitted), persona: idBytes(ben.persona.id), cut: { segment: 0, seq: 3, hash: idBytes(last.hash) } },
      removed,
    ),
  ];
}
