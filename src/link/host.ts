/** Behind a reverse proxy everybody comes from loopback, so what is counted by host does not count it. */
export const isLoopback = (host: string): boolean => host === '::1' || /^(::ffff:)?127\./.test(host);

/**
 * What counts as one host of an IP address: an IPv4 address, or the first 64 bits of an IPv6 address, as whoever has one has all that
 * begin so. Loopback and names stay as they are.
 */
export function hostOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':') || isLoopback(address)) return address;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const whole = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return `${whole
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
