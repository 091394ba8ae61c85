/**
 * Certificates: a persona's root keyset says that a device speaks for it (docs/protocol.md §2).
 *
 *   root keyset ── signs ──▶ Certificate{ suite, root keyset, device keyset, kind, expires }
 *   PersonaId = H(root keyset)      DeviceId = H(device keyset)[0..16]
 */
import {
  deviceId,
  isRefusal,
  personaId,
  refuse,
  toBase32,
  idBytes,
  type Bytes,
  type DeviceId,
  type PersonaId,
  type Refusal,
} from '../base/index.ts';
import { sha256 } from '../crypto/index.ts';
import { CertificateSchema, create, decodeStrict, DeviceKind, encode } from '../wire/index.ts';
import { bodyOf, KEYSET_BYTES, verifySigned } from './keyset.ts';

export const SUITE = 3;
const PURPOSE = 'certificate';

/** A device, as its certificate says. */
export interface DeviceIdentity {
  readonly persona: PersonaId;
  readonly device: DeviceId;
  /** bytes: 1984 */
  readonly rootKeyset: Bytes;
  /** bytes: 1984 */
  readonly deviceKeyset: Bytes;
  readonly kind: 'person' | 'agent';
  /** The first hour since 1970 in which the certificate no longer holds. */
  readonly expiresHour: number;
}

export const personaOf = (rootKeyset: Uint8Array): PersonaId => personaId(sha256(rootKeyset));
export const deviceOf = (deviceKeyset: Uint8Array): DeviceId => deviceId(sha256(deviceKeyset).slice(0, 16));

/** A persona's decentralised identifier: did:sotto: and the base32 of its id. */
export const did = (id: PersonaId): string => `did:sotto:${toBase32(idBytes(id))}`;

/** Makes a Signed certificate; `sign` signs as the root. */
export function makeCertificate(
  terms: Pick<DeviceIdentity, 'rootKeyset' | 'deviceKeyset' | 'kind' | 'expiresHour'>,
  sign: (purpose: string, body: Uint8Array) => Bytes,
): Bytes {
  const { rootKeyset, deviceKeyset, expiresHour } = terms;
  const kind = terms.kind === 'person' ? DeviceKind.PERSON : DeviceKind.AGENT;
  return sign(PURPOSE, encode(CertificateSchema, create(CertificateSchema, { suite: SUITE, rootKeyset, deviceKeyset, kind, expiresHour })));
}

/** Refused: `malformed`, `not-canonical`, `expired`, `bad-signature`. `hourNow` is network time, in hours since 1970. */
export function verifyCertificate(certificate: Uint8Array, hourNow: number): DeviceIdentity | Refusal {
  const claimed = readCertificate(certificate);
  if (isRefusal(claimed)) return claimed;
  if (hourNow >= claimed.expiresHour) return refuse('expired', 'certificate');
  const body = verifySigned(PURPOSE, claimed.rootKeyset, certificate);
  return isRefusal(body) ? body : claimed;
}

/** What a certificate claims, before its signatures and its time are checked. */
function readCertificate(certificate: Uint8Array): DeviceIdentity | Refusal {
  const body = bodyOf(certificate);
  if (isRefusal(body)) return body;
  const read = decodeStrict(CertificateSchema, body);
  if (isRefusal(read)) return read;
  const { rootKeyset, deviceKeyset, kind, expiresHour } = read;
  if (read.suite !== SUITE) return refuse('malformed', 'certificate: suite');
  if (kind !== DeviceKind.PERSON && kind !== DeviceKind.AGENT) return refuse('malformed', 'certificate: kind');
  if (rootKeyset.length !== KEYSET_BYTES || deviceKeyset.length !== KEYSET_BYTES) return refuse('malformed', 'certificate: keyset');
  return {
    persona: personaOf(rootKeyset),
    device: deviceOf(deviceKeyset),
    rootKeyset: rootKeyset.slice(),
    deviceKeyset: deviceKeyset.slice(),
    kind: kind === DeviceKind.PERSON ? 'person' : 'agent',
    expiresHour,
  };
}
