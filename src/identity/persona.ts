/**
 * A persona on this device (docs/protocol.md §2): its root keyset, a device keyset of its own, and the certificate that joins them.
 * Nothing of the device is shared between personas.
 *
 *   random ── root, device, certificate ──▶ Persona ── export (stored sealed) ──▶ importPersona
 */
import { concat, equal, isRefusal, type Bytes, type DeviceId, type PersonaId, type Random } from '../base/index.ts';
import { create, decodeStrict, encode, PersonaSecretsSchema } from '../wire/index.ts';
import { deviceOf, makeCertificate, personaOf, verifyCertificate, type DeviceIdentity } from './certificate.ts';
import { newKeysetSeed, Signer } from './keyset.ts';

/** Secrets inside; prints as [secret]. */
export interface Persona {
  readonly id: PersonaId;
  readonly device: DeviceId;
  /** bytes: 1984 */
  readonly rootKeyset: Bytes;
  /** bytes: 1984 */
  readonly deviceKeyset: Bytes;
  /** Signed Certificate, by the root. */
  readonly certificate: Bytes;
  /** An encoded Signed by the device keyset, both signatures. */
  sign(purpose: string, body: Uint8Array): Bytes;
  /** Ed25519 of the device alone. bytes: 64 */
  signLight(purpose: string, body: Uint8Array): Bytes;
  /** The secrets, to be stored sealed. */
  export(): Bytes;
}

/** What a new persona's certificate says. */
export type PersonaTerms = Pick<DeviceIdentity, 'kind' | 'expiresHour'>;

/** A fresh root and a fresh device. */
export function createPersona(random: Random, terms: PersonaTerms): Persona {
  const root = new Signer(newKeysetSeed(random));
  const device = new Signer(newKeysetSeed(random));
  const named = { rootKeyset: root.keyset, deviceKeyset: device.keyset, ...terms };
  return new OwnPersona(
    root,
    device,
    makeCertificate(named, (purpose, body) => root.sign(purpose, body)),
  );
}

/** Reads what `export` gave. Throws Error when it is damaged. */
export function importPersona(bytes: Uint8Array): Persona {
  const read = decodeStrict(PersonaSecretsSchema, bytes);
  if (isRefusal(read) || read.rootSeed.length !== 64 || read.deviceSeed.length !== 64) throw new Error(DAMAGED);
  const root = new Signer(read.rootSeed);
  const device = new Signer(read.deviceSeed);
  // A persona whose time is over still reads its history; whoever meets its certificate looks at the hour.
  const identity = verifyCertificate(read.certificate, 0);
  if (isRefusal(identity) || !equal(identity.rootKeyset, root.keyset) || !equal(identity.deviceKeyset, device.keyset))
    throw new Error(DAMAGED);
  return new OwnPersona(root, device, concat(read.certificate));
}

const DAMAGED = 'persona: what was stored is damaged; without a backup this identity cannot be used';

class OwnPersona implements Persona {
  readonly id: PersonaId;
  readonly device: DeviceId;
  readonly rootKeyset: Bytes;
  readonly deviceKeyset: Bytes;
  readonly certificate: Bytes;
  readonly #root: Signer;
  readonly #device: Signer;

  constructor(root: Signer, device: Signer, certificate: Bytes) {
    this.#root = root;
    this.#device = device;
    this.rootKeyset = root.keyset;
    this.deviceKeyset = device.keyset;
    this.certificate = certificate;
    this.id = personaOf(root.keyset);
    this.device = deviceOf(device.keyset);
  }

  sign(purpose: string, body: Uint8Array): Bytes {
    return this.#device.sign(purpose, body);
  }

  signLight(purpose: string, body: Uint8Array): Bytes {
    return this.#device.signLight(purpose, body);
  }

  export(): Bytes {
    const secrets = { rootSeed: this.#root.exposeSeed(), deviceSeed: this.#device.exposeSeed(), certificate: this.certificate };
    return encode(PersonaSecretsSchema, create(PersonaSecretsSchema, secrets));
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
