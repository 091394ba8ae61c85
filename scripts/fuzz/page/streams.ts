/** Readers that keep something between one piece of input and the next. */
import { Counters, concat, equal, isRefusal, topicId, type Bytes, type Refusal } from '../../../src/base/index.ts';
import { ManualClock, seededRandom } from '../../../src/base/testing.ts';
import { DirectFrameReader, encodeBlobFrame, encodeTakenFrame } from '../../../src/link/direct-frames.ts';
import { ControlReader, encodeControl, MAX_PARTS } from '../../../src/link/control.ts';
import { ControlType } from '../../../src/link/link.ts';
import { MailboxExit } from '../../../src/mailbox/exit.ts';
import { encodePlace, encodePost, encodeSubscribe } from '../../../src/mailbox/frames.ts';
import { MemoryBlobStore } from '../../../src/mailbox/memory-blob-store.ts';
import { Assembler, MAX_INCOMPLETE, type Incoming } from '../../../src/onion/assembler.ts';
import { openCell } from '../../../src/onion/cell.ts';
import { MessageKind, type ExitCircuit } from '../../../src/onion/circuit.ts';
import { splitMessage } from '../../../src/crypto/index.ts';
import { BLOB_SIZES } from '../../../src/keyring/blob.ts';
import { holds, inPieces, pieces, type PageTarget } from './target.ts';

const CELL = 1024;
const cellOf = (piece: Bytes): Bytes => {
  const cell = new Uint8Array(CELL);
  cell.set(piece.subarray(0, CELL));
  return cell;
};
/** A cell without the zeros at its end. */
const trimmed = (cell: Bytes): Bytes => {
  let end = cell.length;
  while (end > 0 && cell[end - 1] === 0) end--;
  return cell.slice(0, end);
};

/** Cells of circuit 0, one after another. What is handed on is written again to the same cells. */
const control: PageTarget = {
  name: 'control',
  fixed: 0,
  seeds: [
    inPieces(encodeControl(ControlType.CREATE, 7, new Uint8Array(2410).fill(3)).map(trimmed)),
    inPieces(
      [...encodeControl(ControlType.PADDING, 0, new Uint8Array(0)), ...encodeControl(ControlType.DESTROY, 9, Uint8Array.of(2))].map(
        trimmed,
      ),
    ),
    inPieces(encodeControl(ControlType.DESCRIPTOR, 0, new Uint8Array(7000).fill(1)).map(trimmed)),
  ],
  read(bytes) {
    const reader = new ControlReader();
    let words = '';
    let since: Bytes[] = [];
    for (const cell of pieces(bytes).map(cellOf)) {
      since.push(cell);
      const answer = reader.read(cell);
      if (answer === undefined) continue;
      if (!isRefusal(answer)) {
        const again = encodeControl(answer.type, answer.circuit, answer.payload);
        const last = since.slice(-again.length);
        const same = again.every((one, i) => equal(one.subarray(4), last[i]?.subarray(4) ?? new Uint8Array(0)));
        holds(same && again.length <= MAX_PARTS, 'a control message is written otherwise than it was read');
      }
      words = isRefusal(answer) ? answer.refused : `type ${answer.type}`;
      since = [];
    }
    return words;
  },
};

/** Cells whose layers are off. Messages come out in order, and few wait. */
const assembler: PageTarget = {
  name: 'assembler',
  fixed: 0,
  seeds: [
    inPieces(
      splitMessage({ kind: MessageKind.POST, flags: 0, message: 0 }, 0, new Uint8Array(2000).fill(7)).map((cell) =>
        trimmed(cell).subarray(24),
      ),
    ),
    inPieces(
      [0, 1, 2].flatMap((message) =>
        splitMessage({ kind: MessageKind.PING, flags: 0, message }, 5, new Uint8Array(0)).map((cell) => trimmed(cell).subarray(24)),
      ),
    ),
    inPieces(
      splitMessage({ kind: MessageKind.BLOB, flags: 1, message: 9 }, 0, new Uint8Array(3000).fill(1))
        .toReversed()
        .map((cell) => trimmed(cell).subarray(24)),
    ),
  ],
  read(bytes) {
    const from = new Assembler();
    let [words, next] = ['', 0];
    for (const piece of pieces(bytes)) {
      const opened = openCell(cellOf(concat(new Uint8Array(24), piece)));
      const out: readonly Incoming[] | Refusal = isRefusal(opened) ? opened : from.receive(opened);
      holds(from.incomplete <= MAX_INCOMPLETE, 'too many incomplete messages');
      if (isRefusal(out)) words = out.refused;
      else for (const { reply, id } of out) holds(reply || id === next++, `message ${id} is handed on out of order`);
    }
    return `${words} ${Math.min(next, 4)}`;
  },
};

/** Bytes of a direct link, cut anywhere: the same frames as from one piece. */
const direct: PageTarget = {
  name: 'direct',
  fixed: 0,
  seeds: [
    inPieces([encodeTakenFrame(3), encodeBlobFrame(topicId(new Uint8Array(32).fill(4)), new Uint8Array(890).fill(5))]),
    inPieces([
      encodeBlobFrame(topicId(new Uint8Array(32)), new Uint8Array(1876)).slice(0, 100),
      new Uint8Array(1812),
      encodeTakenFrame(2 ** 32 - 1),
    ]),
  ],
  read(bytes) {
    const all = pieces(bytes);
    const reader = new DirectFrameReader(BLOB_SIZES);
    const frames: unknown[] = [];
    let refused = '';
    for (const piece of all) {
      const read = reader.read(piece);
      if (isRefusal(read)) {
        refused = read.refused;
        break;
      }
      frames.push(...read);
    }
    const whole = new DirectFrameReader(BLOB_SIZES).read(concat(...all));
    if (refused === '') {
      holds(!isRefusal(whole) && whole.length === frames.length, 'cutting changes what is read');
      const again = whole.map((frame) => ('taken' in frame ? encodeTakenFrame(frame.taken) : encodeBlobFrame(frame.topic, frame.blob)));
      const written = concat(...again);
      holds(equal(written, concat(...all).subarray(0, written.length)), 'frames are written otherwise than they were read');
    } else holds(isRefusal(whole), 'cutting hides a refusal');
    return `${refused} ${Math.min(frames.length, 4)}`;
  },
};

/** A visitor of a mailbox who says anything: `what u8 | body` over and over. Each message has one answer, and refusals are counted. */
const mailbox: PageTarget = {
  name: 'mailbox',
  fixed: 0,
  seeds: [
    inPieces([
      concat(
        Uint8Array.of(0),
        encodePost({ topic: topicId(new Uint8Array(32).fill(1)), signature: new Uint8Array(64).fill(1), blob: new Uint8Array(890) }),
      ),
    ]),
    inPieces([
      concat(
        Uint8Array.of(1),
        encodeSubscribe({ topic: topicId(new Uint8Array(32).fill(1)), instance: 1, cursor: 0n }, new Uint8Array(64).fill(1)),
      ),
      concat(
        Uint8Array.of(1),
        encodeSubscribe({ topic: topicId(new Uint8Array(32).fill(1)), instance: 1, cursor: 2n ** 64n - 1n }, new Uint8Array(64).fill(1)),
      ),
      concat(Uint8Array.of(0), encodePlace({ topic: topicId(new Uint8Array(32)), instance: 0, cursor: 5n })),
    ]),
  ],
  read(bytes) {
    const clock = new ManualClock();
    const counters = new Counters();
    const exit = new MailboxExit({
      store: new MemoryBlobStore(seededRandom(7)),
      clock,
      counters,
      limits: { bytes: 8000, topicBytes: 5000, circuitBytes: 6000, subscriptionsPerCircuit: 3 },
    });
    let answers = 0;
    let last = 0;
    const circuit: ExitCircuit = {
      key: 1,
      bind: new Uint8Array(32),
      closed: false,
      reply(_id, kind) {
        answers++;
        last = kind;
      },
      push: () => Promise.resolve(),
    };
    const all = pieces(bytes);
    all.forEach((piece, id) =>
      exit.message(circuit, id, (piece[0] ?? 0) % 2 === 0 ? MessageKind.POST : MessageKind.SUBSCRIBE, piece.slice(1)),
    );
    exit.closed(circuit);
    exit.stop();
    holds(answers === all.length, `${all.length} messages, ${answers} answers`);
    return `${last} ${Object.keys(counters.all()).join(' ')}`;
  },
};

export const streamTargets: readonly PageTarget[] = [control, assembler, direct, mailbox];
