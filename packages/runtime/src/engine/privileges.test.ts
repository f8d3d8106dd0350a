import { InvalidArgumentError, UnsupportedError } from 'boxlite/backend';
import { expect, test } from 'vitest';
import { boxCapabilities, capabilityMask, guestCapabilities } from './privileges.ts';

test('adds and drops, with or without CAP_, in any case', () => {
  expect(boxCapabilities('maximum', { add: ['cap_net_bind_service'], drop: ['CAP_CHOWN', 'kill'] })).toEqual([
    'DAC_OVERRIDE',
    'FOWNER',
    'NET_BIND_SERVICE',
    'SETGID',
    'SETUID',
  ]);
});

test('drops all, and adds on top of that', () => {
  expect(boxCapabilities('standard', { drop: ['ALL'] })).toEqual([]);
  expect(boxCapabilities('standard', { drop: ['ALL'], add: ['NET_RAW'] })).toEqual(['NET_RAW']);
});

test('the guest keeps what it needs to start commands', () => {
  expect(guestCapabilities([])).toContain('CAP_SETUID');
  expect(guestCapabilities(['NET_RAW'])).toContain('CAP_NET_RAW');
});

test('writes the mask that the kernel shows', () => {
  expect(capabilityMask(boxCapabilities('standard'))).toBe('800005fb');
  expect(capabilityMask([])).toBe('0');
});

test('refuses what is no capability, and what no box gets, and says why', () => {
  expect(() => boxCapabilities('standard', { add: ['NET_ROW'] })).toThrow(InvalidArgumentError);
  expect(() => boxCapabilities('standard', { drop: ['toString'] })).toThrow(
    'capabilities.drop[0]: "toString" is no capability',
  );
  expect(() => boxCapabilities('development', { add: ['SYS_ADMIN'] })).toThrow(UnsupportedError);
  expect(() => boxCapabilities('development', { add: ['KILL', 'SYS_ADMIN'] })).toThrow(
    'capabilities.add[1]: no preset gives SYS_ADMIN: it administers the whole machine',
  );
  expect(() => boxCapabilities('standard', { add: ['ALL'] })).toThrow('no box can have ALL');
  expect(() => boxCapabilities('maximum', { add: ['NET_RAW'] })).toThrow('is not given with security maximum');
});
