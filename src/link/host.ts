/** Behind a reverse proxy everybody comes from loopback, so what is counted by host does not count it. */
export const isLoopback = (host: string): boolean => host === '::1' || /^(::ffff:)?127\./.test(host);
