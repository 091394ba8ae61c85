import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isRefusal, toHex, type Bytes } from '../base/index.ts';
import { seededRandom, testSeed } from '../base/testing.ts';
import { kdf } from '../crypto/index.ts';
import { initCryptoNode } from '../crypto/node.ts';
import { importChain, MAX_SKIPPED, SenderChain } from './sender-chain.ts';

const seed = testSeed();
const random = seededRandom(seed);
beforeAll(initCryptoNode);

/** The key of message `index`, by the protocol's formula alone. */
function expected(chain0: Uint8Array, index: number): string {
  let chain = Uint8Array.from(chain0);
  for (let i = 0; i < index; i++) chain = kdf('next', 32, chain);
  return toHex(kdf('message', 32, chain));
}

/** Opens message `index` as a keyring does: the key, or why not. */
function use(chain: SenderChain, index: number): string {
  const found = chain.find(index);
  if (isRefusal(found)) return found.refused;
  const key = toHex(found.key);
  chain.accept(found);
  return key;
}

describe('a sender chain', () => {
  it('gives the keys of the protocol, in order', () => {
    const start = random.bytes(32);
    const chain = new SenderChain(start.slice());
    for (let i = 0; i < 5; i++) {
      const { index, key } = chain.take();
      expect([index, toHex(key)]).toEqual([i, expected(start, i)]);
    }
  });

  it('gives each key once, in whatever order messages come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 60 }), (indexes) => {
        const start = random.bytes(32);
        const chain = new SenderChain(start.slice());
        const seen = new Set<number>();
        for (const index of indexes) {
          expect(use(chain, index)).toBe(seen.has(index) ? 'repeated' : expected(start, index));
          seen.add(index);
        }
        expect(chain.skipped).toEqual(Array.from({ length: chain.next }, (_, i) => i).filter((i) => !seen.has(i)));
      }),
      { seed },
    );
  });

  it('does not change until a message was authentic', () => {
    const chain = new SenderChain(random.bytes(32));
    const before = toHex(chain.export());
    chain.find(17);
    expect([toHex(chain.export()), chain.next, chain.skipped]).toEqual([before, 0, []]);
  });

  it('looks at most 2,000 ahead and keeps at most 2,000 keys, dropping the lowest', () => {
    const chain = new SenderChain(random.bytes(32));
    expect(use(chain, MAX_SKIPPED + 1)).toBe('too-far');
    expect(chain.next).toBe(0);
    expect(use(chain, MAX_SKIPPED)).toHaveLength(64);
    expect(chain.skipped).toHaveLength(MAX_SKIPPED);
    const found = chain.find(MAX_SKIPPED + 11);
    if (isRefusal(found)) throw new Error(found.refused);
    const change = chain.accept(found);
    expect(change.gone).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(chain.skipped).toHaveLength(MAX_SKIPPED);
    expect(use(chain, 9)).toBe('repeated');
    expect(use(chain, 10)).toHaveLength(64);
  });

  it('ends before its index does', () => {
    const chain = new SenderChain(random.bytes(32), 0xffff_fffe);
    expect(use(chain, 0xffff_ffff)).toBe('too-far');
    chain.take();
    expect(() => chain.take()).toThrow('rotate first');
  });

  it('goes on from its export', () => {
    const start = random.bytes(32);
    const chain = new SenderChain(start.slice());
    const found = chain.find(3);
    if (isRefusal(found)) throw new Error(found.refused);
    const left = chain.accept(found).left.map(([index, key]): [number, Bytes] => [index, key.slice()]);
    const back = importChain(chain.export(), left);
    expect([use(back, 1), use(back, 3), use(back, 4)]).toEqual([expected(start, 1), 'repeated', expected(start, 4)]);
    expect(() => importChain(new Uint8Array(35), [])).toThrow('want 36');
  });

  it('keeps nothing that opens what was opened, and nothing at all when erased', () => {
    const start = random.bytes(32);
    const chain = new SenderChain(start);
    chain.take();
    expect(start).toEqual(new Uint8Array(32));
    use(chain, 3);
    chain.erase();
    expect(chain.export().subarray(4)).toEqual(new Uint8Array(32));
    expect(chain.skipped).toEqual([]);
  });
});
