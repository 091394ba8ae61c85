import type { Stream } from '@libp2p/interface';

/** What yamux has beyond the interface that all muxers share (seen in 8.0.3). */
interface Windowed {
  recvWindow: number;
  recvWindowCapacity: number;
  state: number;
  sendWindowUpdate(): void;
}
const ESTABLISHED = 3;

const isWindowed = (stream: object): stream is Windowed =>
  ['recvWindow', 'recvWindowCapacity', 'state'].every((name) => typeof Reflect.get(stream, name) === 'number') &&
  typeof Reflect.get(stream, 'sendWindowUpdate') === 'function';

/**
 * Lets yamux announce its window once half of it is used, as its specification and other implementations have it. @libp2p/yamux does so
 * upon every frame, which doubles what a relay encrypts and writes for each cell. Other muxers stay as they are.
 */
export function sparing(stream: Stream): void {
  if (!isWindowed(stream)) return;
  const announce = stream.sendWindowUpdate.bind(stream);
  stream.sendWindowUpdate = () => {
    if (stream.state === ESTABLISHED && stream.recvWindowCapacity > stream.recvWindow / 2) return;
    announce();
  };
}
