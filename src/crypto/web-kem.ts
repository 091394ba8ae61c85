/** WebCrypto's ML-KEM-768, to compare with. */
import type { Operation } from './race.ts';

/** What not every Node has. The types of the platform do not know it either. */
interface KemSubtle {
  generateKey(name: 'ML-KEM-768', extractable: boolean, usages: readonly string[]): Promise<CryptoKeyPair>;
  encapsulateBits(name: 'ML-KEM-768', key: CryptoKey): Promise<{ readonly ciphertext: ArrayBuffer }>;
  decapsulateBits(name: 'ML-KEM-768', key: CryptoKey, ciphertext: ArrayBuffer): Promise<ArrayBuffer>;
}
const hasKem = (subtle: unknown): subtle is KemSubtle => typeof subtle === 'object' && subtle !== null && 'encapsulateBits' in subtle;

/** Three operations of WebCrypto, where it has ML-KEM at all. */
export async function webKem(): Promise<Readonly<Record<'keygen' | 'encaps' | 'decaps', Operation>> | undefined> {
  const { subtle } = crypto;
  if (!hasKem(subtle)) return undefined;
  const keygen = () => subtle.generateKey('ML-KEM-768', true, ['encapsulateBits', 'decapsulateBits']);
  const pair = await keygen();
  const encaps = () => subtle.encapsulateBits('ML-KEM-768', pair.publicKey);
  const { ciphertext } = await encaps();
  return { keygen, encaps, decaps: () => subtle.decapsulateBits('ML-KEM-768', pair.privateKey, ciphertext) };
}
