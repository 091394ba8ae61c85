import { describe, expect, it } from 'vitest';
import { readings } from './wasm-branches.ts';

/** Of each site that depends on memory or a wide parameter: the instruction, and what it depends on. */
function found(body: string): { branches: string[]; addresses: string[] } {
  const [one] = readings(
    `(module (func $0 (param $0 i32) (param $1 i32) (param $4 i64) (result i32) (local $2 i32) (local $3 i64) ${body}) (export "f" (func $0)))`,
  );
  if (one?.name !== 'f') throw new Error('no function');
  const told = (sites: typeof one.branches) =>
    sites.filter(({ sources }) => sources.size > 0).map(({ instruction, sources }) => `${instruction} ${[...sources].join(' ')}`);
  return { branches: told(one.branches), addresses: told(one.addresses) };
}

describe('what branches and addresses depend on', () => {
  it('a count and a place that were handed in are not told', () => {
    const body = `(loop $again
      (v128.store (local.get $0) (v128.xor (v128.load (local.get $0)) (v128.const i32x4 1 2 3 4)))
      (local.set $0 (i32.add (local.get $0) (i32.const 16)))
      (br_if $again (local.tee $1 (i32.sub (local.get $1) (i32.const 16)))))`;
    expect(found(body)).toEqual({ branches: [], addresses: [] });
  });

  it('an index into a table that was read is', () => {
    expect(found('(i32.load8_u offset=1024 (i32.load8_u (local.get $0)))').addresses).toEqual(['i32.load8_u i32.load8_u']);
    expect(
      found('(local.set $2 (i32.load (local.get $0))) (i32.store (i32.shl (local.get $2) (i32.const 2)) (i32.const 0))').addresses,
    ).toEqual(['i32.store i32.load']);
  });

  it('a branch on a word, on a double, on a lane, on what a call gave, is', () => {
    expect(found('(if (i64.eqz (i64.load (local.get $0))) (then (nop)))').branches).toEqual(['if i64.load']);
    expect(found('(if (f64.lt (f64.load (local.get $0)) (f64.const 0)) (then (nop)))').branches).toEqual(['if f64.load']);
    expect(found('(block $out (br_if $out (i32x4.extract_lane 0 (v128.load (local.get $0)))))').branches).toEqual(['br_if v128.load']);
    expect(found('(block $out (br_if $out (i32.eqz (call $0 (local.get $0) (local.get $1)))))').branches).toEqual(['br_if call']);
  });

  it('a number that was handed in, which may be a block, is followed', () => {
    expect(found('(if (i64.eqz (local.get $4)) (then (nop)))').branches).toEqual(['if parameter:i64']);
    expect(found('(i32.load8_u (i32.wrap_i64 (local.get $4)))').addresses).toEqual(['i32.load8_u parameter:i64']);
  });

  it('what comes round a loop, or from either way, is followed; what was overwritten is not', () => {
    const round = '(loop $again (br_if $again (local.get $2)) (local.set $2 (i32.load (local.get $0))) (br_if $again (local.get $1)))';
    expect(found(round).branches).toEqual(['br_if i32.load']);
    const ways = '(if (local.get $0) (then (local.set $2 (i32.load (local.get $1)))) (else (nop))) (if (local.get $2) (then (nop)))';
    expect(found(ways).branches).toEqual(['if i32.load']);
    const over = '(local.set $2 (i32.load (local.get $1))) (local.set $2 (i32.const 1)) (if (local.get $2) (then (nop)))';
    expect(found(over).branches).toEqual([]);
    const jumped =
      '(block $out (local.set $2 (i32.load (local.get $0))) (br_if $out (local.get $1)) (local.set $2 (i32.const 0))) (if (local.get $2) (then (nop)))';
    expect(found(jumped).branches).toEqual(['if i32.load']);
  });

  it('a value that a branch carries is not what it depends on; a choice without a branch is none', () => {
    expect(found('(block $out (result i32) (drop (br_if $out (i32.load (local.get $0)) (local.get $1))) (i32.const 0))').branches).toEqual(
      [],
    );
    expect(found('(select (i32.const 1) (i32.const 2) (i32.load (local.get $0)))')).toEqual({ branches: [], addresses: [] });
  });
});
