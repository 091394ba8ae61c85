/** Relays for the tests of this folder: real key pairs, made once, and descriptors signed by them. */
import type { Bytes, RelayId } from '../base/index.ts';
import { Signer } from '../identity/index.ts';
import { seededRandom } from '../base/testing.ts';
import { signDescriptor, verifyDescriptor, type DescriptorFields } from './descriptor.ts';
import type { Descriptor } from './descriptor-type.ts';

export const NOW = 1_800_000_000;

const roots = new Map<number, Signer>();

export function testRoot(n: number): Signer {
  const root = roots.get(n) ?? new Signer(seededRandom(n).bytes(64));
  roots.set(n, root);
  return root;
}

export const testFields = (n: number, changes: Partial<DescriptorFields> = {}): DescriptorFields => ({
  addresses: [`/dns4/relay${n}.example.org/tcp/443/tls/ws`],
  suite: 3,
  onionKey: seededRandom(1000 + n).bytes(1216),
  roles: { guard: true, middle: true, mailbox: true },
  family: `family ${n}`,
  delayClasses: [0, 20],
  validFrom: NOW,
  validUntil: NOW + 10_800,
  version: 'sotto 0.1.0',
  ...changes,
});

export const testSigned = (n: number, changes: Partial<DescriptorFields> = {}): Bytes =>
  signDescriptor(testRoot(n), testFields(n, changes));

/** Without signatures, for what does not look at them. */
export function testDescriptor(id: RelayId, changes: Partial<Descriptor> = {}): Descriptor {
  return { ...testFields(0), id, keyset: new Uint8Array(1984), signed: new Uint8Array(0), ...changes };
}

export function verified(signed: Bytes, now = NOW): Descriptor {
  const read = verifyDescriptor(signed, now);
  if ('refused' in read) throw new Error(`refused: ${read.refused}`);
  return read;
}
