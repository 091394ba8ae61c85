/**
 * Rules broken on purpose, one by one: the simulation must notice each. The product has no switch for that; one module of it is replaced
 * by itself with one function that does not keep its rule.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as Answers from '../../src/room/answers.ts';
import type * as Keyring from '../../src/keyring/keyring.ts';
import type * as Records from '../../src/store/records.ts';
import type * as Replica from '../../src/replica/replica.ts';
import type { Terms, Weights } from './events.ts';

// Simulated time says what is late; a busy machine only makes it slower.
vi.setConfig({ testTimeout: 600_000 });

/** Runs are drawn until one fails. */
const SEEDS = [1, 2, 3, 4, 5, 6];
const QUIET: Terms = { peers: 3, relays: 4, steps: 24, weights: {}, skewed: { peers: 0, relays: 0 } };

interface Rule {
  readonly rule: string;
  readonly path: string;
  readonly breaks: (real: never) => object;
  readonly weights: Weights;
}

const rules: readonly Rule[] = [
  {
    rule: 'what an earlier run left in the outbox is posted again',
    path: '../../src/store/records.ts',
    breaks: (real: typeof Records) => ({
      ...real,
      QueuedRecords: class extends real.QueuedRecords {
        /** The outbox's records are not found again. */
        override entries(prefix: string): ReturnType<Records.QueuedRecords['entries']> {
          return prefix === 'x/' ? [] : super.entries(prefix);
        }
      },
    }),
    weights: { say: 1, 'speak and die': 1, 'join and die': 2 },
  },
  {
    rule: 'nothing is posted, or shown as sent, before it is durable',
    path: '../../src/store/records.ts',
    breaks: (real: typeof Records) => ({
      ...real,
      QueuedRecords: class extends real.QueuedRecords {
        override async commit(batch: Parameters<Records.QueuedRecords['commit']>[0]): Promise<void> {
          super.commit(batch).catch(() => undefined);
        }
      },
    }),
    weights: { say: 2, 'speak and die': 6, start: 6, disk: 4 },
  },
  {
    rule: 'a rotation holds every member',
    path: '../../src/keyring/keyring.ts',
    breaks: (real: typeof Keyring) => ({
      ...real,
      Keyring: class extends real.Keyring {
        override rotate(terms: Parameters<Keyring.Keyring['rotate']>[0]): ReturnType<Keyring.Keyring['rotate']> {
          return super.rotate({ ...terms, members: terms.members.length > 3 ? terms.members.slice(0, -1) : terms.members });
        }
      },
    }),
    weights: { say: 4, join: 2 },
  },
  {
    rule: 'whoever has more answers',
    path: '../../src/room/answers.ts',
    breaks: (real: typeof Answers) => ({
      ...real,
      Answers: class extends real.Answers {
        override asked(): boolean {
          return true;
        }
      },
    }),
    weights: { say: 4, join: 2 },
  },
  {
    rule: 'what a removed member writes beyond the cut does not count',
    path: '../../src/replica/replica.ts',
    breaks: (real: typeof Replica) => {
      const uncut = (rights: Replica.Rights): Replica.Rights => ({
        keysetOf: (device) => rights.keysetOf(device),
        cutOf: () => undefined,
      });
      return {
        ...real,
        Replica: class extends real.Replica {
          override accept(bytes: Uint8Array, rights: Replica.Rights): ReturnType<Replica.Replica['accept']> {
            return super.accept(bytes, uncut(rights));
          }
          override enforce(rights: Replica.Rights): ReturnType<Replica.Replica['enforce']> {
            return super.enforce(uncut(rights));
          }
        },
      };
    },
    weights: { say: 6, isolate: 2, remove: 1, mend: 1 },
  },
];

type Outcome = { readonly seed: number; readonly error: string };

/** The first of the seeds whose run fails, with what it says. */
async function firstFailure({ weights }: Rule, seeds: readonly number[]): Promise<Outcome | undefined> {
  const { initCryptoSim } = await import('./crypto.ts');
  const { draw } = await import('./events.ts');
  const { play } = await import('./run.ts');
  await initCryptoSim();
  for (const seed of seeds) {
    const { error } = await play(draw(seed, { ...QUIET, weights }));
    if (error !== undefined) return { seed, error: error.message };
  }
  return undefined;
}

afterEach(() => rules.forEach(({ path }) => vi.doUnmock(path)));

describe('a rule that is broken on purpose', () => {
  it.each(rules)('is noticed: $rule', async (rule) => {
    vi.resetModules();
    vi.doMock(rule.path, async (original) => rule.breaks(await original<never>()));
    const found = await firstFailure(rule, SEEDS);
    console.log(`broken, “${rule.rule}”: seed ${found?.seed} says ${found?.error.split('\n')[0]}`);
    expect(found).toBeDefined();
    vi.doUnmock(rule.path);
    vi.resetModules();
    // The very run that fails passes where the rule is kept.
    expect(await firstFailure(rule, [found?.seed ?? 0])).toBeUndefined();
  });
});
