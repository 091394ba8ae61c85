/** The rows about the core, which run in Node and in a page alike. */
import { cellRows } from './cells.ts';
import { dispatchIds, dispatchRows } from './dispatches.ts';
import { exchangeRows } from './exchanges.ts';
import type { Row } from '../src/crypto/race.ts';
import type { Host } from './host.ts';
import { loadMlKemJs, loadOqs, loadSodium, loadWasmSha256 } from './peers.ts';

export interface Part {
  readonly name: string;
  /** The rows that it gives, in their order. */
  readonly ids: readonly string[];
  rows(): AsyncIterable<Row>;
}

export const coreParts = (host: Host): readonly Part[] => [
  {
    name: 'cells',
    ids: ['cell-layer', 'cell-layer-open', 'cell-layer-batch', 'cell-layer-mixed', 'onion-3', 'onion-5', 'boundary'],
    rows: async function* () {
      yield* cellRows(await loadSodium(host.load), host.native);
    },
  },
  {
    name: 'exchanges',
    ids: ['mlkem768-keygen', 'mlkem768-encaps', 'mlkem768-decaps', 'x25519', 'handshake', 'handshake-relay', 'sha256'],
    rows: async function* () {
      const peers = { oqs: await loadOqs(host.load), js: await loadMlKemJs(host.load), hash: await loadWasmSha256(host.load) };
      yield* exchangeRows({ ...peers, sodium: await loadSodium(host.load), native: host.native });
    },
  },
  {
    name: 'dispatch',
    ids: dispatchIds,
    rows: async function* () {
      yield* dispatchRows(await loadWasmSha256(host.load), host.native);
    },
  },
];
