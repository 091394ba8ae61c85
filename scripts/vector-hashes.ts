/**
 * Published vectors of SHA-3 and SHAKE, each turned into questions (wasm/mlkem/examples/hashes.rs has their forms).
 *
 *   ACVP     {"algorithm": "SHA3-256" | "SHAKE-128" | …, "testGroups": [{"testType": "AFT" | "VOT" | "MCT" | "LDT", "tests": […]}]}
 *   CAVP     "SHA3-256 ShortMsg" in a comment, then Len = … Msg = … MD = … and the like                              .rsp
 *   blobby   message, answer, message, answer …, told apart by the file's name                                       .blb
 */
import { ask, hexOf, isObject, type Fields, type Question, type VectorCase } from './vector-case.ts';

type Hash = 'sha3-256' | 'sha3-512' | 'shake128' | 'shake256';

const digests: Readonly<Record<string, Hash>> = {
  'SHA3-256': 'sha3-256',
  'SHA3-512': 'sha3-512',
  'SHAKE-128': 'shake128',
  SHAKE128: 'shake128',
  'SHAKE-256': 'shake256',
  SHAKE256: 'shake256',
};

const isShake = (hash: Hash): boolean => hash.startsWith('shake');
const count = (value: number): string => value.toString(16).padStart(16, '0');
const whole = (fields: Fields, name: string): number | undefined => {
  const value = fields[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
};

/** What lies in the upper bits of the last byte comes into the lower ones. */
const lowered = (hex: string, bits: number): string => moved(hex, (byte) => byte >> ((8 - (bits % 8)) % 8));
const raised = (hex: string, bits: number): string => moved(hex, (byte) => (byte << ((8 - (bits % 8)) % 8)) & 0xff);

function moved(hex: string, move: (byte: number) => number): string {
  if (hex === '') return hex;
  return `${hex.slice(0, -2)}${move(Number.parseInt(hex.slice(-2), 16))
    .toString(16)
    .padStart(2, '0')}`;
}

/** One message; `bits` of it and of the output. An empty message is written with a byte of zeros, where it is written. */
function once(hash: Hash, message: string, bits: number, output: number, answer: string): Question {
  const text = bits === 0 ? '' : message;
  return ask(hash, isShake(hash) ? [text, count(bits), count(output)] : [text, count(bits)], [answer]);
}

export const isAcvpHash = ({ algorithm }: Fields): boolean => typeof algorithm === 'string' && algorithm in digests;

/** A case of ACVP's. A message of gigabytes (LDT) is a text that repeats. */
export function acvpHash({ algorithm, revision }: Fields, group: Fields, test: Fields): readonly Question[] | undefined {
  const hash = digests[String(algorithm)];
  if (hash === undefined) return undefined;
  if (group['testType'] === 'MCT') return chain(hash, group, test);
  if (group['testType'] === 'LDT') return repeated(hash, test);
  const [bits, output] = [whole(test, 'len'), isShake(hash) ? whole(test, 'outLen') : 0];
  if (bits === undefined || output === undefined) return undefined;
  const answer = hexOf(test, 'md');
  // The first revision writes bits of output as it writes those of a message.
  return [once(hash, hexOf(test, 'msg'), bits, output, revision === 'FIPS202' ? lowered(answer, output) : answer)];
}

function chain(hash: Hash, group: Fields, test: Fields): readonly Question[] | undefined {
  const results = test['resultsArray'];
  if (!Array.isArray(results) || (group['mctVersion'] ?? 'standard') !== 'standard') return undefined;
  const answers = results.map((result: unknown) => hexOf(isObject(result) ? result : {}, 'md'));
  if (!isShake(hash)) return [ask(`${hash}-chain`, [hexOf(test, 'msg')], answers)];
  const [least, most] = [whole(group, 'minOutLen'), whole(group, 'maxOutLen')];
  if (least === undefined || most === undefined || least % 8 !== 0 || most % 8 !== 0) return undefined;
  return [ask(`${hash}-chain`, [hexOf(test, 'msg'), count(least / 8), count(most / 8)], answers)];
}

function repeated(hash: Hash, test: Fields): readonly Question[] | undefined {
  const large = test['largeMsg'];
  if (isShake(hash) || !isObject(large) || large['expansionTechnique'] !== 'repeating') return undefined;
  const bits = whole(large, 'fullLength');
  if (bits === undefined || bits % 8 !== 0) return undefined;
  return [ask(`${hash}-repeated`, [hexOf(large, 'content'), count(bits / 8)], [hexOf(test, 'md')])];
}

/** The name in the comment that NIST's CAVS writes first. */
const CAVS = /^#\s+"?(SHA3-\d+|SHAKE\d+) (?:ShortMsg|LongMsg|VariableOut)/m;

export const isCavp = (text: string): boolean => CAVS.test(text);

/** Cases of a .rsp file: `name = value` lines, those in brackets for all that follow. Bits that are no whole byte are the lower ones. */
export function casesOfCavp(text: string): readonly VectorCase[] {
  const hash = digests[CAVS.exec(text)?.[1] ?? ''];
  const values = new Map<string, string>();
  const cases: VectorCase[] = [];
  for (const line of text.split('\n')) {
    const [, bracket, name = '', value = ''] = /^(\[)?([\w ()]+?) = ([0-9a-fA-F]+)\]?\s*$/.exec(line) ?? [];
    if (name === '') continue;
    values.set(name, value.toLowerCase());
    if (bracket !== undefined || (name !== 'MD' && name !== 'Output')) continue;
    const [message = '', output] = [values.get('Msg'), Number(values.get('Outputlen') ?? 0)];
    const bits = Number(values.get('Len') ?? 4 * message.length);
    const question = hash && once(hash, raised(message, bits), bits, output, value.toLowerCase());
    cases.push({ name: `${cases.length + 1}`, questions: question && [question] });
  }
  return cases;
}

const hexOfBytes = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Byte strings as RustCrypto's crates pack them (wasm/vectors/src/lib.rs). Throws a RangeError for what is none. */
function unpacked(bytes: Uint8Array): readonly Uint8Array[] {
  let at = 0;
  const number = (): number => {
    for (let value = 0; ; value = (value + 1) * 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('cut off');
      value += byte & 0x7f;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('cut off');
    return bytes.subarray(at, (at += length));
  };
  const [all, named] = [number(), number()];
  const again = Array.from({ length: named }, () => take(number()));
  const found = Array.from({ length: all }, () => {
    const mark = number();
    return mark % 2 === 1 ? again[(mark - 1) / 2] : take(mark / 2);
  });
  const strings = found.filter((one) => one !== undefined);
  if (at !== bytes.length || strings.length !== all) throw new RangeError('not packed so');
  return strings;
}

const BLOB = /(sha3_256|sha3_512|shake128|shake256)_kat\.blb$/;

export const isBlob = (path: string): boolean => path.endsWith('.blb');

/** Cases of a file of messages and answers. A file of no known name has one case, of no known kind. */
export function casesOfBlob(path: string, bytes: Uint8Array): readonly VectorCase[] {
  const hash = digests[(BLOB.exec(path)?.[1] ?? '').toUpperCase().replace('_', '-')];
  if (hash === undefined) return [{ name: path, questions: undefined }];
  const strings = unpacked(bytes);
  return Array.from({ length: Math.ceil(strings.length / 2) }, (_, i) => {
    const [message, answer] = [strings[2 * i], strings[2 * i + 1]];
    if (message === undefined || answer === undefined) return { name: `${i + 1}`, questions: undefined };
    return { name: `${i + 1}`, questions: [once(hash, hexOfBytes(message), 8 * message.length, 8 * answer.length, hexOfBytes(answer))] };
  });
}
