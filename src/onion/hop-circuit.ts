/**
 * One circuit at one relay (docs/protocol.md §4.1). "Near" is the link towards the client, "far" the link away from it.
 *
 *   last ── EXTEND ──► extending ── CREATED ──► forwarding        a hop speaks only until it is extended
 *     └───────────────────┴──────────────────────────┴──► closed
 */
import type { CircuitSuite, Hop as HopKeys } from '../crypto/index.ts';
import type { CellLink } from '../link/index.ts';
import type { Conversation } from './conversation.ts';
import type { ExitSide } from './exit.ts';
import type { DelayClass } from './layouts.ts';
import type { ReplayWindow } from './replay-window.ts';

/** A circuit's name on one link. */
export interface Side {
  readonly link: CellLink;
  readonly id: number;
}

export interface LastStage {
  readonly name: 'last';
  readonly conversation: Conversation;
  readonly exit: ExitSide;
}

export interface ExtendingStage {
  readonly name: 'extending';
  readonly conversation: Conversation;
  readonly exit: ExitSide;
  /** The EXTEND to be answered. */
  readonly request: number;
  /** That of the CREATE in it. */
  readonly suite: CircuitSuite;
  readonly since: number;
  /** Set once CREATE is on its way. */
  readonly far: Side | undefined;
}

export interface ForwardingStage {
  readonly name: 'forwarding';
  readonly far: Side;
  readonly f0: number;
  readonly b0: number;
  readonly forward: ReplayWindow;
  readonly backward: ReplayWindow;
}

export type Stage = LastStage | ExtendingStage | ForwardingStage | { readonly name: 'closed' };

export interface HopCircuit {
  readonly key: number;
  readonly near: Side;
  readonly keys: HopKeys;
  readonly delayClass: DelayClass;
  readonly since: number;
  stage: Stage;
  /** A first cell came: until then it is half-built. */
  proven: boolean;
  /** Cells of it that the mix holds. */
  waiting: number;
}

export const farOf = (circuit: HopCircuit): Side | undefined =>
  circuit.stage.name === 'forwarding' || circuit.stage.name === 'extending' ? circuit.stage.far : undefined;

/** Windows that must not have a gap for long. */
export function windowsOf({ stage }: HopCircuit): readonly ReplayWindow[] {
  if (stage.name === 'last') return [stage.conversation.window];
  return stage.name === 'forwarding' ? [stage.forward, stage.backward] : [];
}
