/**
 * Fixed layouts that a hop and a client exchange beside messages (docs/protocol.md §4.1, §4.3).
 *
 *   params out   delay class u8 | padding class u8 | 0 14            bytes: 16
 *   params back  time u32 | window u16 | 0 10                        bytes: 16
 *   EXTEND       relay id 32 | CREATE 2410 or 3274, by its suite
 *   REFUSED      code u8 | retry-after u32 s
 *   DESTROY      reason u8
 */
import {
  concat,
  idBytes,
  isZero,
  readU16,
  readU32,
  refuse,
  relayId,
  u16,
  u32,
  type Bytes,
  type Refusal,
  type RelayId,
} from '../base/index.ts';
import { CIRCUIT_SUITES, HOP_PARAMS, suiteLengths, type CircuitSuite } from '../crypto/index.ts';
import { FIRST_WINDOW, MAX_WINDOW } from './credit.ts';

const RELAY_BYTES = 32;

/** §6: 0 none, 1 Exp(20 ms) (balanced), 2 Exp(500 ms) (anonymous). */
export type DelayClass = 0 | 1 | 2;

/** Mean delay of a hop, ms, by delay class. */
export const DELAY_MEANS: Readonly<Record<DelayClass, number>> = { 0: 0, 1: 20, 2: 500 };

export interface ParamsOut {
  readonly delayClass: DelayClass;
}

/** The padding class is 0: no other is defined. */
export const encodeParamsOut = ({ delayClass }: ParamsOut): Bytes => concat(Uint8Array.of(delayClass), new Uint8Array(HOP_PARAMS - 1));

export function decodeParamsOut(bytes: Uint8Array): ParamsOut | Refusal {
  const [delayClass] = bytes;
  if (bytes.length !== HOP_PARAMS || !isZero(bytes.subarray(1))) return refuse('params');
  if (delayClass !== 0 && delayClass !== 1 && delayClass !== 2) return refuse('params', 'delay class');
  return { delayClass };
}

export interface ParamsBack {
  /** The relay's UTC seconds. */
  readonly time: number;
  /** To what the window of either direction may grow, 64 … 1024 cells. */
  readonly window: number;
}

export const encodeParamsBack = ({ time, window }: ParamsBack): Bytes => concat(u32(time), u16(window), new Uint8Array(HOP_PARAMS - 6));

export function decodeParamsBack(bytes: Uint8Array): ParamsBack | Refusal {
  if (bytes.length !== HOP_PARAMS || !isZero(bytes.subarray(6))) return refuse('params');
  const window = readU16(bytes, 4);
  if (window < FIRST_WINDOW || window > MAX_WINDOW) return refuse('params', 'window');
  return { time: readU32(bytes, 0), window };
}

export interface Extend {
  readonly relay: RelayId;
  readonly create: Bytes;
  /** That of CREATE, by its length. */
  readonly suite: CircuitSuite;
}

export const encodeExtend = ({ relay, create }: Omit<Extend, 'suite'>): Bytes => concat(idBytes(relay), create);

export function decodeExtend(body: Uint8Array): Extend | Refusal {
  const suite = CIRCUIT_SUITES.find((one) => body.length === RELAY_BYTES + suiteLengths[one].create);
  if (suite === undefined) return refuse('extend', 'length');
  return { relay: relayId(body.subarray(0, RELAY_BYTES)), create: body.slice(RELAY_BYTES), suite };
}

/** Why something was refused at the last hop: REFUSED's code. */
export const RefusedCode = {
  UNKNOWN_KIND: 1,
  MALFORMED: 2,
  SIGNATURE: 3,
  FULL: 4,
  TOPIC_QUOTA: 5,
  CIRCUIT_QUOTA: 6,
  NO_NEW_TOPICS: 7,
  BUSY: 8,
} as const;
export type RefusedCode = (typeof RefusedCode)[keyof typeof RefusedCode];

export interface Refused {
  readonly code: number;
  /** Seconds; 0 when trying again will not help. */
  readonly retryAfter: number;
}

export const encodeRefused = ({ code, retryAfter }: Refused): Bytes => concat(Uint8Array.of(code), u32(retryAfter));

export function decodeRefused(body: Uint8Array): Refused | Refusal {
  const [code] = body;
  return code === undefined || body.length !== 5 ? refuse('refused', 'length') : { code, retryAfter: readU32(body, 1) };
}

/** DESTROY's reason. It is told to the neighbour alone: whoever passes DESTROY on says 0, so that no reason travels along a circuit. */
export const DestroyReason = { PASSED_ON: 0, FINISHED: 1, VIOLATION: 2, BOUND: 3, UNREACHABLE: 4, TIMEOUT: 5, REFUSED: 6 } as const;
export type DestroyReason = (typeof DestroyReason)[keyof typeof DestroyReason];

const WORDS: Readonly<Record<DestroyReason, string>> = {
  0: 'a relay further on ended it',
  1: 'it was finished',
  2: 'a cell broke the rules',
  3: 'a relay is too busy',
  4: 'the next relay did not answer',
  5: 'it took too long',
  6: 'the handshake was refused',
};

export function decodeDestroy(payload: Uint8Array): DestroyReason | Refusal {
  const reason = Object.values(DestroyReason).find((known) => known === payload[0]);
  return payload.length !== 1 || reason === undefined ? refuse('destroy') : reason;
}

export const destroyWords = (reason: DestroyReason): string => WORDS[reason];
