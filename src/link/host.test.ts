import { describe, expect, it } from 'vitest';
import { hostOf, isLoopback } from './host.ts';

describe('what counts as one host', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['2001:0db8:0000::0009:1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '::1'],
    ['unknown', 'unknown'],
  ])('%s: %s', (address, host) => {
    expect(hostOf(address)).toBe(host);
  });

  it('loopback is known in each of its forms', () => {
    expect(['::1', '127.0.0.1', '127.9.9.9', '::ffff:127.0.0.1', '128.0.0.1', '::2'].map(isLoopback)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
