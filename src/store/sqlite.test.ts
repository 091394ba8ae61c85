import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../base/index.ts';
import { storeContract } from './contract.ts';
import { sqliteStore } from './sqlite.ts';
import type { Store } from './store.ts';
import { testSealer } from './testing.ts';

const NAME = '0a0b0c0d';
const ALL_NINES = new Uint8Array(32).fill(9);

let fault: 'quota' | 'aborted' | undefined;
const exec = DatabaseSync.prototype.exec;
DatabaseSync.prototype.exec = function (sql) {
  if (sql === 'COMMIT' && fault !== undefined) {
    throw Object.assign(new Error('at COMMIT'), { errcode: fault === 'quota' ? 13 : 10 });
  }
  exec.call(this, sql);
};

let directory: string;
let open: Store[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'store-'));
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((store) => store.close()));
  rmSync(directory, { recursive: true });
});

function store(path: string, key = ALL_NINES, maxBytes?: number): Store {
  const opened = sqliteStore(path, testSealer(key), maxBytes === undefined ? {} : { maxBytes });
  open.push(opened);
  return opened;
}

storeContract('sqlite', async () => {
  const home = mkdtempSync(join(directory, 'subject-'));
  let lives = 0;
  const path = (): string => join(home, `${lives}`, 'records');
  cpSync(mkdtempSync(join(directory, 'empty-')), join(home, '0'), { recursive: true });
  return {
    store: store(path()),
    // The files as they are at this moment, nothing closed: what a killed process leaves.
    async restart() {
      cpSync(join(home, `${lives}`), join(home, `${lives + 1}`), { recursive: true });
      lives++;
      return store(path());
    },
    fail: (trouble) => (fault = trouble),
    heal: () => (fault = undefined),
  };
});

describe('sqlite', () => {
  it('leaves no key, value or other word in its files, while open and after', async () => {
    const path = join(directory, 'records');
    const records = await store(path).open(NAME);
    await records.commit({ put: [['canary-key', utf8('canary-value')]] });
    const found = (word: string): boolean => readdirSync(directory).some((file) => readFileSync(join(directory, file)).includes(word));
    expect(found(NAME)).toBe(true);
    expect(found('canary')).toBe(false);
    await open[0]?.close();
    expect(found(NAME)).toBe(true);
    expect(found('canary')).toBe(false);
    // The same look finds what lies there unsealed.
    const raw = new DatabaseSync(path);
    raw.prepare('INSERT INTO record (name, sealed) VALUES (?, ?)').run(NAME, utf8('canary-value'));
    raw.close();
    expect(found('canary')).toBe(true);
  });

  it('tells a full file by quota, keeps what it held, and goes on when there is room', async () => {
    const path = join(directory, 'records');
    const records = await store(path, ALL_NINES, 200_000).open(NAME);
    await records.commit({ put: [['a', utf8('1')]] });
    await expect(records.commit({ put: [['big', new Uint8Array(400_000)]] })).rejects.toMatchObject({ trouble: 'quota' });
    await records.commit({ delete: ['big'], put: [['b', utf8('2')]] });
    await open[0]?.close();
    const again = await store(path).open(NAME);
    expect([...again.entries('')].map(([key, value]) => key + fromUtf8(value))).toEqual(['a1', 'b2']);
  });

  it('refuses another key, an altered row and a file that is none', async () => {
    const path = join(directory, 'records');
    const records = await store(path).open(NAME);
    await records.commit({ put: [['a', utf8('1')]] });
    await open[0]?.close();
    await expect(store(path, new Uint8Array(32)).open(NAME)).rejects.toMatchObject({ trouble: 'damaged' });
    await open[1]?.close();
    const raw = new DatabaseSync(path);
    raw.exec(`UPDATE record SET sealed = x'${'00'.repeat(60)}'`);
    raw.close();
    await expect(store(path).open(NAME)).rejects.toMatchObject({ trouble: 'damaged' });
    await open[2]?.close();
    writeFileSync(path, 'not a database, whatever its name says '.repeat(40));
    rmSync(`${path}-wal`, { force: true });
    expect(() => store(path)).toThrow(expect.objectContaining({ trouble: 'damaged' }));
    expect(() => store(join(directory, 'no', 'such', 'directory'))).toThrow(expect.objectContaining({ trouble: 'refused' }));
  });

  it('refuses a second process', async () => {
    const path = join(directory, 'records');
    await (await store(path).open(NAME)).commit({ put: [['a', utf8('1')]] });
    expect(() => store(path)).toThrow(expect.objectContaining({ trouble: 'blocked' }));
  });

  it('keeps what was told durable when the process is killed, and tears nothing', { timeout: 60_000 }, async () => {
    const path = join(directory, 'records');
    let reached = -1;
    for (let round = 0; round < 5; round++) {
      const told = await killedWriter(path, 20 + round * 37);
      const again = store(path);
      const records = await again.open(NAME);
      const kept = [...records.entries('m/')].map(([, value]) => Number(fromUtf8(value)));
      const head = records.get('head');
      expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => i));
      expect(head === undefined ? -1 : Number(fromUtf8(head))).toBe(kept.length - 1);
      expect(kept.length - 1).toBeGreaterThanOrEqual(told);
      reached = Math.max(reached, told);
      await again.close();
    }
    expect(reached).toBeGreaterThan(100);
  });
});

const WRITER = `
  import { sqliteStore } from '${new URL('./sqlite.ts', import.meta.url).href}';
  import { testSealer } from '${new URL('./testing.ts', import.meta.url).href}';
  import { utf8 } from '${new URL('../base/index.ts', import.meta.url).href}';
  const records = await sqliteStore(process.argv[1], testSealer(new Uint8Array(32).fill(9))).open('${NAME}');
  for (let i = [...records.entries('m/')].length; ; i++) {
    await records.commit({ put: [['m/' + String(i).padStart(8, '0'), utf8(String(i))], ['head', utf8(String(i))]] });
    process.stdout.write(i + '\\n');
  }`;

/** Runs a writer until it has told of `enough` more commits, kills it, and gives the last that it told of. */
async function killedWriter(path: string, enough: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', WRITER, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  let lines = 0;
  child.stdout.on('data', (data: Buffer) => {
    told += data.toString();
    lines = told.split('\n').length - 1;
    if (lines >= enough) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  expect(lines).toBeGreaterThanOrEqual(enough);
  return Number(told.split('\n').at(-2));
}
