import { describe, expect, it } from 'vitest';
import { faultsIn } from './check-words.ts';

describe('words of a stand-in', () => {
  it.each([
    ['src/a.ts', '// a placeholder until the other part is there'],
    ['docs/a.md', 'It is random for now.'],
    ['wasm/src/lib.rs', '// In a real implementation this would be constant-time'],
    ['scripts/a.ts', '// TODO: the rest'],
    ['wasm/src/lib.rs', 'todo!()'],
    ['src/a.ts', 'const mock = {};'],
    ['src/a.test.ts', "it.skip('holds', () => {});"],
    ['e2e/a.test.ts', "test.fixme('holds', () => {});"],
    ['wasm/src/lib.rs', '#[ignore]'],
  ])('%s: %s', (path, line) => expect(faultsIn(path, `first\n${line}\n`)).toHaveLength(1));

  it.each([
    ['src/ui/a.tsx', '<Input placeholder="Message" />'],
    ['src/ui/a.css', 'input::placeholder { color: red }'],
    ['src/ui/a.css', 'input:placeholder-shown, [data-placeholder] {}'],
    ['docs/a.md', 'See mock.html.'],
  ])('are not in %s: %s', (path, line) => expect(faultsIn(path, line)).toEqual([]));
});
