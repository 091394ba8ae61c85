/**
 * The service worker: keeps one whole release, so that the app opens with no network at all.
 *
 *   install   fetch every file of the release that this engine uses into its own cache; one missing file fails the whole install
 *   waiting   until no tab runs the release before: tabs keep the chunks that they were built with
 *   activate  drop the caches of other releases
 *   fetch     the page: network, then cache · the release's files: cache, then network · anchors.json: network, then the last copy
 *
 * Nothing else is kept, nothing is sent, and it never takes over a running tab by itself.
 */

import { lanes, type Lanes } from '../base/index.ts';

/** Put in by the build: the paths of the release's files, of the core's modules by what an engine can do, and a hash over their contents. */
declare const SOTTO_RELEASE: {
  readonly version: string;
  readonly files: readonly string[];
  readonly modules: Readonly<Record<Lanes, readonly string[]>>;
};

const worker = globalThis as unknown as ServiceWorkerGlobalScope;
const page = '/';
const anchors = '/anchors.json';
const releasePrefix = 'release-';
const releaseCache = releasePrefix + SOTTO_RELEASE.version;
/** Outlives releases: the last copy of anchors.json. */
const anchorsCache = 'anchors';
const kept = [...SOTTO_RELEASE.files, ...SOTTO_RELEASE.modules[lanes()]];
const files = new Set(kept);

/** How long the page waits for a network that does not answer before it opens from the cache. */
const patience = 3_000;

/** Past the browser's own cache: an install must not take an old file for a new one. */
const fresh = (path: string): Request => new Request(path, { cache: 'no-cache', credentials: 'same-origin' });

async function install(): Promise<void> {
  const cache = await caches.open(releaseCache);
  await cache.addAll(kept.map(fresh));
  await refreshAnchors().catch(() => undefined);
}

async function dropOtherReleases(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(releasePrefix) && name !== releaseCache);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Rejects when the server does not give it; the copy in the cache then stays as it is. */
async function refreshAnchors(): Promise<Response> {
  const response = await fetch(fresh(anchors));
  if (!response.ok) throw new Error(`anchors.json: ${response.status}`);
  const cache = await caches.open(anchorsCache);
  await cache.put(anchors, response.clone());
  return response;
}

async function answerAnchors(): Promise<Response> {
  try {
    return await refreshAnchors();
  } catch {
    return (await caches.match(anchors, { cacheName: anchorsCache })) ?? Response.error();
  }
}

const fromRelease = (path: string): Promise<Response | undefined> => caches.match(path, { cacheName: releaseCache });

/**
 * The page of the network names chunks of the newest release, which the network then also has; the page of the cache names chunks of the
 * kept one. Either way a tab runs one whole release.
 */
async function answerPage(request: Request): Promise<Response> {
  const copy = await fromRelease(page);
  if (copy === undefined) return fetch(request);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(patience) });
    return response.status >= 500 ? copy : response;
  } catch {
    return copy;
  }
}

async function answerFile(request: Request, path: string): Promise<Response> {
  return (await fromRelease(path)) ?? fetch(request);
}

/** The answer of ours, if the request is one of ours: same origin, GET, no query. The fragment, which holds the secret of an invite, is no part of it. */
function answer(request: Request): Promise<Response> | undefined {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin || url.search !== '') return undefined;
  if (request.mode === 'navigate') return url.pathname === page ? answerPage(request) : undefined;
  if (url.pathname === anchors) return answerAnchors();
  return files.has(url.pathname) ? answerFile(request, url.pathname) : undefined;
}

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(dropOtherReleases()));
worker.addEventListener('fetch', (event) => {
  const response = answer(event.request);
  if (response !== undefined) event.respondWith(response);
});
