/** The headers of every page that Sotto serves; one place, so that the local server and a deployment say the same. */

/**
 * The script-URL policies that the app creates under Trusted Types; every other use of a string as script or as HTML is refused by the
 * browser. `sotto-sw` names the service worker.
 */
const trustedTypes = ['sotto-sw'];

/** `origins`: where the page may open connections to beside its own server, e.g. `ws://127.0.0.1:9001` or `wss:`. */
export function contentSecurityPolicy(origins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    ["connect-src 'self'", ...origins].join(' '),
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    `trusted-types ${trustedTypes.join(' ')}`,
  ].join('; ');
}

const refusedFeatures = [
  'accelerometer',
  'browsing-topics',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
];

export function securityHeaders(origins: readonly string[]): Record<string, string> {
  return {
    'Content-Security-Policy': contentSecurityPolicy(origins),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Origin-Agent-Cluster': '?1',
    'Permissions-Policy': refusedFeatures.map((feature) => `${feature}=()`).join(', '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

/** `no-cache` still lets the browser keep a copy; it has to ask whether that is the newest. Only names with a hash may go unasked. */
export function cacheControl(path: string): string {
  return path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
}

/** The origin that a browser dials for a WebSocket multiaddr; undefined for any other transport. */
export function webSocketOrigin(multiaddr: string): string | undefined {
  const parts = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d+)(\/tls)?\/(ws|wss)(\/|$)/.exec(multiaddr);
  if (parts === null) return undefined;
  const [, kind, host = '', port = '', tls, transport] = parts;
  const scheme = transport === 'wss' || tls !== undefined ? 'wss' : 'ws';
  return `${scheme}://${kind === 'ip6' ? `[${host}]` : host}:${port}`;
}
