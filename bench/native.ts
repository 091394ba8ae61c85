/** node:crypto as a peer. */
import * as node from 'node:crypto';
import { x25519Pkcs8, type Host, type NativeCrypto } from './host.ts';

/** In Node 24 and later; the types of the platform do not know it. */
interface KemCrypto {
  encapsulate(key: node.KeyObject): { readonly ciphertext: Buffer; readonly sharedKey: Buffer };
  decapsulate(key: node.KeyObject, ciphertext: Buffer): Buffer;
}
const hasKem = (found: object): found is KemCrypto => 'encapsulate' in found && 'decapsulate' in found;
type Generate = (type: string) => { readonly publicKey: node.KeyObject; readonly privateKey: node.KeyObject };

function nativeKem(): NativeCrypto['kem'] {
  if (!hasKem(node)) return undefined;
  const crypto: KemCrypto = node;
  const generate = node.generateKeyPairSync as unknown as Generate;
  const pair = generate('ml-kem-768');
  const { ciphertext } = crypto.encapsulate(pair.publicKey);
  return {
    keygen: () => generate('ml-kem-768'),
    encaps: () => crypto.encapsulate(pair.publicKey),
    decaps: () => crypto.decapsulate(pair.privateKey, ciphertext),
  };
}

/** What stands before the raw bytes of a public key of X25519: SubjectPublicKeyInfo (RFC 8410 §4). */
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const secretKey = (raw: Uint8Array): node.KeyObject =>
  node.createPrivateKey({ key: Buffer.from(x25519Pkcs8(raw)), format: 'der', type: 'pkcs8' });
const publicKey = (raw: Uint8Array): node.KeyObject =>
  node.createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });

function native(): NativeCrypto {
  const [own, other] = [node.generateKeyPairSync('x25519'), node.generateKeyPairSync('x25519')];
  return {
    seal(key, nonce, message) {
      const cipher = node.createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
      const sealed = cipher.update(message);
      cipher.final();
      return [sealed, cipher.getAuthTag()];
    },
    sha256: (message) => node.hash('sha256', message, 'buffer'),
    x25519: () => node.diffieHellman({ privateKey: own.privateKey, publicKey: other.publicKey }),
    agree: (scalar, point) => node.diffieHellman({ privateKey: secretKey(scalar), publicKey: publicKey(point) }),
    agreeing(scalar) {
      const privateKey = secretKey(scalar);
      return (point) => node.diffieHellman({ privateKey, publicKey: publicKey(point) });
    },
    kem: nativeKem(),
  };
}

/** `name` as a module that is imported would find it: liboqs-js has no door for `require`. */
export const nodeHost = (): Host => ({ load: (name) => import(name) as Promise<unknown>, native: native() });
