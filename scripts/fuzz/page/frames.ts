/**
 * Every frame of docs/vectors.json through the reader that the vector names, and every message of src/wire through the strict decoder.
 * Signatures count as right unless they begin with 0, or nothing behind them would ever be read.
 */
import { equal, isRefusal, type Bytes } from '../../../src/base/index.ts';
import { setEd25519, nobleEngine } from '../../../src/crypto/ed25519.ts';
import { setMlDsaVerify } from '../../../src/crypto/signature.ts';
import * as wire from '../../../src/wire/index.ts';
import type { Vectors } from '../../protocol-vectors/all.ts';
import { fieldsOf } from '../mutate.ts';
import { holds, oneOf, word, type Choice, type PageTarget } from './target.ts';

const GROUPS: Readonly<Record<string, RegExp>> = {
  // Cells, which are always of one length, have targets of their own.
  'frames-of-relays': /^(handshake|body|descriptor|direct)/,
  'frames-of-people': /^(certificate|operation|notice|entry|receipt|batch|update)/,
  'frames-of-rooms': /^(rotate|blob|invite-link|welcome|join|seal)/,
};

export function believeSignatures(): void {
  setEd25519({ ...nobleEngine, satisfies: (_key, _message, signature) => signature[0] !== 0 });
  setMlDsaVerify((_key, _message, signature) => signature[0] !== 0);
}

const isSchema = (value: unknown): value is typeof wire.BatchSchema =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'message';

const schemas = Object.entries(wire).flatMap(([name, value]) =>
  isSchema(value) ? [{ name: name.slice(0, -'Schema'.length), schema: value }] : [],
);

/** All messages within a frame, as far as it is one. */
function within(bytes: Bytes, found: Bytes[] = []): Bytes[] {
  const fields = fieldsOf(bytes);
  if (fields === undefined || found.length > 200) return found;
  found.push(bytes);
  for (const { isBytes, value } of fields) if (isBytes) within(value, found);
  return found;
}

/** What is taken is written again to the same bytes. */
function readStrictly(schema: typeof wire.BatchSchema, bytes: Bytes): string {
  const message = wire.decodeStrict(schema, bytes);
  if (isRefusal(message)) return message.refused;
  holds(equal(wire.encode(schema, message), bytes), `${schema.typeName}: taken, and written otherwise`);
  return 'taken';
}

function messages({ cases }: Vectors): PageTarget {
  const parts = cases.flatMap(({ frame }) => within(frame));
  const choices = schemas.map(({ name, schema }): Choice => {
    const good = parts.filter((part) => part.length > 0 && !isRefusal(wire.decodeStrict(schema, part)));
    const seeds = good.toSorted((a, b) => a.length - b.length).slice(0, 2);
    return { name, seeds: [new Uint8Array(0), ...seeds], read: (bytes) => readStrictly(schema, bytes) };
  });
  return oneOf('messages', choices);
}

export function frameTargets(vectors: Vectors): readonly PageTarget[] {
  const groups = Object.entries(GROUPS).map(([name, names]) =>
    oneOf(
      name,
      vectors.cases
        .filter((one) => names.test(one.name))
        .map((one): Choice => ({ name: one.name, seeds: [one.frame], read: (bytes) => word(one.read(bytes)) })),
    ),
  );
  return [...groups, messages(vectors)];
}
