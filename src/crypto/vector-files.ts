/** Published vectors, read from the crates that carry them: the dev-dependencies of wasm/, found by `cargo metadata`. For tests and `npm run vectors`. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Metadata {
  readonly packages: readonly { readonly name: string; readonly manifest_path: string }[];
}

let metadata: Metadata | undefined;

/** rustup's cargo, or the system's. */
function cargo(): string {
  const own = join(homedir(), '.cargo/bin/cargo');
  return existsSync(own) ? own : 'cargo';
}

function packages(): Metadata {
  if (metadata !== undefined) return metadata;
  const manifest = fileURLToPath(new URL('../../wasm/Cargo.toml', import.meta.url));
  try {
    const text = execFileSync(cargo(), ['metadata', '--format-version', '1', '--locked', '--manifest-path', manifest], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    metadata = JSON.parse(text) as Metadata;
    return metadata;
  } catch (error) {
    throw new Error(
      'the published vectors come from crates, so their tests need cargo: run `npm run wasm` (or `npm test`) once, which brings it',
      {
        cause: error,
      },
    );
  }
}

/** Where a file of a crate lies. Throws when the crate is not there. */
export function vectorPath(crate: string, file: string): string {
  const found = packages().packages.find(({ name }) => name === crate);
  if (found === undefined) throw new Error(`vectors: wasm/Cargo.toml has no dev-dependency ${crate}`);
  return join(dirname(found.manifest_path), file);
}

/** A JSON file of a crate. Throws when the crate or the file is not there. */
export const vectorFile = (crate: string, file: string): unknown => JSON.parse(readFileSync(vectorPath(crate, file), 'utf8')) as unknown;
