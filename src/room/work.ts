/** What the parts of one room's work share: the state, and the ways to tell, to keep and to wake. */
import type { Bytes, RelayId } from '../base/index.ts';
import type { Address } from '../keyring/index.ts';
import type { RoomRecord } from '../wire/index.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { RoomParts, RoomSurroundings, Standing } from './context.ts';
import type { Following } from './following.ts';
import type { OperationContent } from './operation.ts';
import type { Covers, Sealed } from './outbox.ts';

export interface Work {
  readonly surroundings: RoomSurroundings;
  readonly parts: RoomParts;
  readonly record: RoomRecord;
  readonly acknowledged: Acknowledgements;
  readonly following: Following;
  /** Posts go out, in order, once the running step is durable; `sent` is called once the mailboxes hold them. */
  post(sealed: readonly Sealed[], sent?: () => void, covers?: Covers): void;
  /** Something waits for one of the address' mailboxes. */
  owes(address: Address, mailbox: RelayId): boolean;
  /**
   * What waits for an address goes no more; updates of one's own that no mailbox holds are told anew. `onlyOwn`: only those are taken back,
   * so that what leads to the next address still goes to whoever looks here.
   */
  retract(address: Address, onlyOwn: boolean): void;
  /** Records to be kept, or dropped, with the running step. */
  put(key: string, value: Uint8Array): void;
  remove(key: string): void;
  /** Writes an operation of one's own; it is told with the next batch. */
  author(content: OperationContent): Bytes;
  tell(operations: readonly Bytes[], updates: readonly Bytes[]): void;
  /** The link that was joined by has come to nothing. */
  fail(refusal: string): void;
  standing(): Standing;
  keepRecord(): void;
  later(name: string, ms: number, action: () => void): void;
  /** What was to be done later by that name is not done. */
  notLater(name: string): void;
  wake(): void;
}
