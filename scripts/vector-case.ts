/** A case of a published vector file: questions about primitives, with the answers that are right. */

/** Hex, lower case; empty for no bytes. */
export type Hex = string;

export interface Question {
  readonly operation: string;
  readonly inputs: readonly Hex[];
  /** `accepted`: any answer but a refusal. */
  readonly want: readonly Hex[] | 'refused' | 'accepted';
}

export interface VectorCase {
  readonly name: string;
  /** Undefined: a case of a kind that is not known here. */
  readonly questions: readonly Question[] | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

export class NotHex extends Error {}

export function hexOf(fields: Fields, name: string): Hex {
  const value = fields[name];
  if (typeof value !== 'string' || !/^([0-9a-fA-F]{2})*$/.test(value)) throw new NotHex(`no hex field ${name}`);
  return value.toLowerCase();
}

export const ask = (operation: string, inputs: readonly Hex[], want: Question['want']): Question => ({ operation, inputs, want });
