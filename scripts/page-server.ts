/**
 * Serves one release of the app, read into memory when the server is made: what a page was given stays whole while dist/ is built anew.
 * Two answers are not files: `/anchors.json`, the root of trust of the directory (docs/protocol.md §5), and 404.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { cacheControl, securityHeaders } from './headers.ts';

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.woff2': 'font/woff2',
};

interface Answer {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

function answer(path: string, body: Buffer): Answer {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { type: types[extname(path)] ?? 'application/octet-stream', body, etag };
}

function readRelease(dist: string): Map<string, Answer> {
  const files = new Map<string, Answer>();
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${file.slice(dist.length + 1).replaceAll('\\', '/')}`;
    files.set(path, answer(path, readFileSync(file)));
  }
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}

export interface Release {
  /** Folder of the built app. */
  readonly dist: string;
  /** The text of /anchors.json. */
  readonly anchors: string;
  /** Where the page may open connections to, as in the Content-Security-Policy. */
  readonly origins: readonly string[];
}

function reply(request: IncomingMessage, response: ServerResponse, path: string, found: Answer | undefined): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  if (found === undefined) {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' }).end('There is nothing here.\n');
    return;
  }
  response.setHeader('Cache-Control', cacheControl(path));
  response.setHeader('ETag', found.etag);
  if (request.headers['if-none-match'] === found.etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': found.type, 'Content-Length': found.body.length });
  response.end(request.method === 'HEAD' ? undefined : found.body);
}

/** The server listens already while `release` is still being prepared; requests wait for it. `log` gets each method and URL as received. */
export function createPageServer(release: Promise<Release>, log: (line: string) => void): Server {
  const prepared = release.then(({ dist, anchors, origins }) => ({
    files: readRelease(dist).set('/anchors.json', answer('/anchors.json', Buffer.from(anchors))),
    headers: new Map(Object.entries(securityHeaders(origins))),
  }));
  prepared.catch(() => undefined);
  const server = createServer((request, response) => {
    log(`${request.method} ${request.url}`);
    prepared.then(
      ({ files, headers }) => {
        const path = (request.url ?? '/').split('?')[0] ?? '/';
        response.setHeaders(headers);
        reply(request, response, path, files.get(path));
      },
      () => response.writeHead(503).end(),
    );
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 20_000;
  return server;
}
