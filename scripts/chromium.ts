/** The Chromium of the end-to-end tests: SOTTO_CHROMIUM, the system's, or the one that Playwright keeps; else it is installed. */
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';
import { exitCode, inRoot } from './program.ts';

/** The path of a Chromium that is there; undefined when there is none. */
export function findChromium(): string | undefined {
  const named = process.env['SOTTO_CHROMIUM'];
  const candidates = [named, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', chromium.executablePath()];
  return candidates.find((path) => path !== undefined && path !== '' && existsSync(path));
}

/** Debian's own first, since a machine that has nothing but package registries has that; then Playwright's. */
export async function installChromium(): Promise<string> {
  console.log('Installing Chromium (once)');
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await exitCode('apt-get', ['update', '-qq'], { env });
    await exitCode('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env });
  }
  if (findChromium() === undefined) await exitCode(inRoot('node_modules/.bin/playwright'), ['install', '--with-deps', 'chromium']);
  const found = findChromium();
  if (found === undefined)
    throw new Error('there is no Chromium and none could be installed: install one and set SOTTO_CHROMIUM to its path');
  return found;
}
