/**
 * One invite: who came in by it, and what happens when more did than it has uses (docs/protocol.md §8.5).
 *
 *   admissions that came beside each other, beyond the uses ── suspended ──▶ an owner who has seen them decides
 *
 * There is nothing to grind: no hash or time makes one Join win over another.
 */
import type { Hash } from '../base/index.ts';
import { byDepth, type LogNode } from './log-node.ts';
import type { InviteState } from './log-state.ts';

export interface Settled {
  readonly node: LogNode;
  readonly state: InviteState;
  /** Admissions that do not hold: suspended, or decided against. */
  readonly barred: readonly LogNode[];
  /** The first admission of each Join that waits for a decision. */
  readonly suspended: readonly LogNode[];
}

type Joins = ReadonlyMap<Hash, readonly LogNode[]>;

/** `standing`: operations that hold when nothing is suspended, in order; `removals`: those that hold. */
export function settleInvite(node: LogNode, standing: readonly LogNode[], removals: readonly LogNode[]): Settled {
  const terms = node.says('invite');
  if (terms === undefined) throw new Error('settleInvite: hand in the operation that made the invite');
  const about = standing.filter((other) => other.grounds.rests.includes(node));
  const joins = Map.groupBy(
    about.filter((other) => other.says('admit') !== undefined),
    (other) => other.says('admit')?.joinHash ?? other.hash,
  );
  const decision = lastDecision(about);
  const decided = [...joins.keys()].filter((join) => decision !== undefined && joins.get(join)?.some((admit) => decision.follows(admit)));
  const refused = decided.filter((join) => decision?.says('decide')?.joins.includes(join) !== true);
  const suspended = tooMany(joins, new Set(decided), new Set(refused), terms.uses);
  const usedBy = [...joins.keys()].filter((join) => !refused.includes(join) && !suspended.includes(join));
  const revoked = about.some((other) => other.says('revoke') !== undefined);
  const closed = removals.some((removal) => !node.follows(removal));
  const conflict = suspended.length > 0;
  const state = { ...terms, op: node.hash, author: node.author, usedBy, revoked, closed, conflict, node, seen: [...joins.keys()] };
  return {
    node,
    state: { ...state, open: !revoked && !closed && !conflict && usedBy.length < terms.uses },
    barred: [...refused, ...suspended].flatMap((join) => joins.get(join) ?? []),
    suspended: suspended.flatMap((join) => joins.get(join)?.slice(0, 1) ?? []),
  };
}

/** Of decisions that no other follows, the most senior author's. */
function lastDecision(about: readonly LogNode[]): LogNode | undefined {
  const all = about.filter((node) => node.says('decide') !== undefined);
  const last = all.filter((node) => !all.some((other) => other.follows(node)));
  return last.toSorted(
    (a, b) => (a.grounds.admission && b.grounds.admission ? byDepth(a.grounds.admission, b.grounds.admission) : 0) || byDepth(a, b),
  )[0];
}

/** Undecided Joins that, with all that did not come after them, are more than the uses. */
function tooMany(joins: Joins, decided: ReadonlySet<Hash>, refused: ReadonlySet<Hash>, uses: number): Hash[] {
  const counting = [...joins].filter(([join]) => !refused.has(join));
  return counting
    .filter(([join, own]) => {
      if (decided.has(join)) return false;
      const others = counting.filter(
        ([other, admits]) => other !== join && !admits.every((admit) => own.some((mine) => admit.follows(mine))),
      );
      return others.length + 1 > uses;
    })
    .map(([join]) => join);
}
