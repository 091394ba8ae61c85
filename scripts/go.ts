/**
 * Go, for the peers of go-libp2p that are tested against (e2e/interop/go): the one on the machine, or Debian's. One that is too old
 * for the module fetches a newer one from the module proxy, by itself from 1.21 on and with our help before.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCode, inRoot, run } from './program.ts';

/** Those from before go.mod had a `toolchain` know no other way to a newer one. */
const HELPED = 'golang.org/toolchain@v0.0.1-go1.26.0';
const CHOOSES_ITSELF = 21;

/** The minor version of a Go 1.x; undefined when there is none at that path. */
function minorOf(go: string): number | undefined {
  try {
    const said = execFileSync(go, ['version'], { encoding: 'utf8', env: { ...process.env, GOTOOLCHAIN: 'local' } });
    return Number(/go1\.(\d+)/.exec(said)?.[1]);
  } catch {
    return undefined;
  }
}

const found = (): string | undefined => ['go', '/usr/local/go/bin/go', '/usr/bin/go'].find((go) => minorOf(go) !== undefined);

async function installed(): Promise<string> {
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    console.log('Installing Go (once)');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await exitCode('apt-get', ['update', '-qq'], { env });
    await exitCode('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'golang-go', 'ca-certificates'], { env });
  }
  const go = found();
  if (go === undefined) throw new Error('there is no Go and none could be installed: install Go 1.26 or later, or any from 1.19 on');
  return go;
}

/** What an old Go leaves in its cache is not executable. */
function executable(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) executable(join(folder, entry.name));
    else chmodSync(join(folder, entry.name), 0o755);
  }
}

function helped(old: string): string {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const said = execFileSync(old, ['mod', 'download', '-json', `${HELPED}.${platform}`], { encoding: 'utf8', cwd: '/' });
  const { Dir } = JSON.parse(said) as { readonly Dir: string };
  executable(join(Dir, 'bin'));
  executable(join(Dir, 'pkg/tool'));
  return join(Dir, 'bin/go');
}

/** Builds a module of ours; returns the program's path. Throws when there is no Go to be had, or the module does not build. */
export async function buildGo(module: string, name: string): Promise<string> {
  const some = found() ?? (await installed());
  const go = (minorOf(some) ?? 0) >= CHOOSES_ITSELF ? some : helped(some);
  const program = inRoot(`.cache/${name}`);
  mkdirSync(inRoot('.cache'), { recursive: true });
  const env = { ...process.env, GOTOOLCHAIN: wants(module) > (minorOf(go) ?? 0) ? 'auto' : 'local', GOFLAGS: '-buildvcs=false' };
  await run(go, ['build', '-trimpath', '-o', program, '.'], { cwd: inRoot(module), env });
  return program;
}

const wants = (module: string): number => Number(/^go 1\.(\d+)/m.exec(readFileSync(inRoot(`${module}/go.mod`), 'utf8'))?.[1] ?? 0);
