/** Vectors of what relays see: control cells, handshake, layers, messages (docs/protocol.md §1, §3, §4). */
import { concat, equal, isRefusal, isZero, refuse, u16, u32, utf8, type Bytes, type Refusal } from '../../src/base/index.ts';
import {
  createHop,
  decipherLayers,
  encipherLayers,
  joinMessage,
  kdf,
  kem,
  LayerKey,
  OnionKey,
  openSealed,
  sealTo,
  splitMessage,
  SUITE,
  wipeHop,
  type Suite,
} from '../../src/crypto/index.ts';
import * as oracle from '../../src/crypto/oracle.ts';
import { keyIdOf } from '../../src/directory/index.ts';
import { ControlReader, ControlType, encodeControl, type Control } from '../../src/link/index.ts';
import { encodeParamsBack, encodeParamsOut } from '../../src/onion/layouts.ts';
import { MessageKind } from '../../src/onion/index.ts';
import { Draws, fixed, reader, taken, type Case } from './case.ts';
import { bodies, directory, mailbox } from './frames.ts';

const CELL = 1024;

/** Cells of a control message, read as a link reads them. */
function readControl(cells: Bytes): Control | Refusal {
  const parts = new ControlReader();
  for (let from = 0; from < cells.length; from += CELL) {
    // Circuit 0 is what makes it control.
    if (!isZero(cells.subarray(from, from + 4))) return refuse('not-control');
    const read = parts.read(cells.subarray(from, from + CELL));
    if (read !== undefined) return read;
  }
  return refuse('unfinished');
}

function control(name: string, type: ControlType, circuit: number, payload: Bytes): Case {
  return {
    name: `control/${name}`,
    section: '3',
    given: { type, circuit, payload },
    frame: concat(...encodeControl(type, circuit, payload)),
    read: reader(
      (frame) => readControl(frame),
      (read) => concat(u32(read.type), u32(read.circuit), read.payload),
    ),
    reads: concat(u32(type), u32(circuit), payload),
  };
}

const onionSeed = fixed('onion-key', 32);
const relay = fixed('relay', 32);

interface Shaken {
  readonly cases: readonly Case[];
  readonly create: Bytes;
  readonly created: Bytes;
  readonly bind: Bytes;
}

/** Kf and Kb never leave the core, so they come from the second writing of the protocol; the core's CREATE and CREATED are the same bytes. */
function handshake(suite: Suite): Shaken {
  const name = (frame: string): string => `handshake/${frame}${suite === SUITE ? '' : `-suite-${suite}`}`;
  const probe = new OnionKey(relay, new Uint8Array(8), onionSeed, suite);
  const onionKey = probe.publicKey;
  probe.wipe();
  const keyId = keyIdOf(onionKey);
  const onion = new OnionKey(relay, keyId, onionSeed, suite);
  const out = encodeParamsOut({ delayClass: 1 });
  const back = encodeParamsBack({ time: 1_795_219_200, window: 512 });
  const client = new Draws(name('create'));
  const server = new Draws(name('created'));
  const attempt = taken(createHop({ relay, keyId, onionKey, suite }, out, client));
  const accepted = taken(onion.accept(attempt.create, back, server));
  const finished = taken(attempt.finish(accepted.created));
  const [drawn = new Uint8Array(0)] = client.made;
  const [answered = new Uint8Array(0)] = server.made;
  const second = oracle.create({ relay, keyId, onionKey, params: out, random: drawn, suite });
  const other = oracle.accept(onionSeed, attempt.create, back, answered, suite);
  if (!equal(second.create, attempt.create) || !equal(other.created, accepted.created))
    throw new Error('the handshake is written in two ways that differ');
  const given = { suite, relay, onionKeySeed: onionSeed, keyId, paramsOut: out };
  const readCreate = (frame: Bytes) => {
    const read = onion.accept(frame, back, new Draws(name('created')));
    if (isRefusal(read)) return read;
    wipeHop(read.hop);
    return read.hop.params;
  };
  const readCreated = (frame: Bytes) => {
    const again = taken(createHop({ relay, keyId, onionKey, suite }, out, new Draws(name('create'))));
    const read = again.finish(frame);
    if (isRefusal(read)) return read;
    wipeHop(read);
    return concat(read.bind, read.params);
  };
  const cases: Case[] = [
    {
      name: name('create'),
      section: '4.1',
      given,
      draws: client,
      derived: { onionKey, ssB: second.ssB },
      frame: attempt.create,
      read: readCreate,
      reads: out,
    },
    {
      name: name('created'),
      section: '4.1',
      given: { create: `frame of ${name('create')}`, paramsBack: back },
      draws: server,
      derived: {
        forward: other.keys.forward,
        backward: other.keys.backward,
        box: other.keys.box,
        auth: other.keys.auth,
        bind: other.keys.bind,
      },
      frame: accepted.created,
      read: readCreated,
      reads: concat(finished.bind, back),
    },
  ];
  wipeHop(accepted.hop);
  wipeHop(finished);
  return { cases, create: attempt.create, created: accepted.created, bind: finished.bind };
}

/** Three layers over one opened cell: enciphered with the last hop's key first. */
function layers(): Case {
  const keys = [1, 2, 3].map((hop) => fixed(`layer-key-${hop}`, 32));
  const counters = [10, 6, 2];
  const [cell = new Uint8Array(CELL)] = splitMessage({ kind: MessageKind.PING, flags: 0, message: 0 }, 0, new Uint8Array(0));
  const frame = cell.slice();
  const held = keys.map((key) => LayerKey.of(key));
  encipherLayers(frame, held, counters);
  const read = (from: Bytes): Bytes => {
    const opened = from.slice();
    decipherLayers(opened, held, counters);
    return opened;
  };
  const given = {
    kind: MessageKind.PING,
    keysGuardFirst: keys,
    countersGuardFirst: counters,
    cell: 'an empty PING, message 0, seen 0; circuit and counter 0',
  };
  return { name: 'layers/three', section: '4.2', given, frame, read, reads: cell };
}

function message(name: string, length: number, flags: number): Case {
  const data = fixed(`message/${name}`, length);
  const head = { kind: MessageKind.POST, flags, message: 0x01020304 };
  const seen = 0x0a0b0c0d;
  const cells = splitMessage(head, seen, data);
  return {
    name: `message/${name}`,
    section: '4.3',
    given: { ...head, seen, data, dataIs: `SHAKE256("sotto/vectors/message/${name}")` },
    derived: { parts: cells.length },
    frame: concat(...cells),
    read: (frame) => {
      const split = Array.from({ length: frame.length / CELL }, (_, i) => frame.slice(i * CELL, (i + 1) * CELL));
      const joined = joinMessage(split);
      return isRefusal(joined)
        ? joined
        : concat(...split.map((cell) => cell.slice(0, 8)), u32(joined.kind), u32(joined.flags), u32(joined.message), joined.data);
    },
    reads: concat(new Uint8Array(8 * cells.length), u32(head.kind), u32(flags), u32(head.message), data),
  };
}

function conventions(): Case[] {
  const inputs = [utf8('one'), new Uint8Array(0), utf8('three')];
  const seed = fixed('kem', 32);
  const { publicKey } = kem.keygen(seed);
  const draws = new Draws('seal');
  const context = utf8('context');
  const text = utf8('what is sealed');
  const sealed = sealTo(publicKey, 'slice', context, text, draws);
  if (sealed === undefined) throw new Error('seal: the key is no key');
  return [
    {
      name: 'kdf',
      section: '1',
      given: { label: 'chain', length: 48, inputs },
      frame: kdf('chain', 48, ...inputs),
      read: (frame) => frame,
    },
    {
      name: 'seal',
      section: '1',
      given: { secretKey: seed, label: 'slice', context, text },
      draws,
      derived: { publicKey },
      frame: sealed,
      read: (frame) => openSealed(seed, publicKey, 'slice', context, frame) ?? refuse('forged'),
      reads: text,
    },
  ];
}

export function networkCases(): Case[] {
  const shaken = handshake(SUITE);
  const short = concat(u16(0x0102), u16(0x0304));
  return [
    ...conventions(),
    control('padding', ControlType.PADDING, 0, new Uint8Array(0)),
    control('destroy', ControlType.DESTROY, 0x80000001, Uint8Array.of(1)),
    control('describe', ControlType.DESCRIBE, 0, new Uint8Array(0)),
    control('created-form', ControlType.CREATED, 5, short),
    control('create', ControlType.CREATE, 5, shaken.create),
    ...shaken.cases,
    ...handshake(1).cases,
    ...handshake(5).cases,
    layers(),
    message('empty', 0, 0),
    message('full', 986, 1),
    message('three-cells', 2000, 0),
    ...bodies(shaken),
    ...mailbox(shaken.bind),
    ...directory(),
  ];
}
