/** The suites (docs/protocol.md §1) as far as the KEM differs. All lengths are in bytes. */

export type Suite = 1 | 3 | 5;

/** The one that everything else than a handshake has, and every handshake that names none. */
export const SUITE: Suite = 3;
export const SUITES: readonly Suite[] = [1, 3, 5];

/** Those that a relay's descriptor may offer, and so those of circuits. */
export type CircuitSuite = Extract<Suite, 3 | 5>;
export const CIRCUIT_SUITES: readonly CircuitSuite[] = [3, 5];

export interface SuiteLengths {
  readonly kemPublic: number;
  readonly kemCiphertext: number;
  readonly create: number;
  readonly created: number;
}

export const suiteLengths: Readonly<Record<Suite, SuiteLengths>> = {
  1: { kemPublic: 832, kemCiphertext: 800, create: 1706, created: 864 },
  3: { kemPublic: 1216, kemCiphertext: 1120, create: 2410, created: 1184 },
  5: { kemPublic: 1600, kemCiphertext: 1600, create: 3274, created: 1664 },
};
