/** The processes in which a browser runs its pages, to be stopped and continued. */
import type { BrowserContext } from '@playwright/test';

/** Of every page and worker of that browser. */
export async function signalRenderers(context: BrowserContext, signal: NodeJS.Signals): Promise<void> {
  const session = await context.browser()?.newBrowserCDPSession();
  if (session === undefined) throw new Error('the browser is gone');
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  for (const { type, id } of processInfo) {
    if (type === 'renderer') signalOne(id, signal);
  }
  await session.detach();
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself in between.
  }
}
