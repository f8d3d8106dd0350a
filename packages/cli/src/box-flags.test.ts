import { expect, test } from 'vitest';
import { boxOptions, parseEnvironment, parseVolume } from './box-flags.ts';
import { commandWords } from './commands/run.ts';

test('--env takes NAME=VALUE, and NAME from this process where it has one', () => {
  expect(parseEnvironment(['A=1', 'B=x=y', 'C=', 'HERE', 'ABSENT'], { HERE: 'here' })).toEqual({
    A: '1',
    B: 'x=y',
    C: '',
    HERE: 'here',
  });
  expect(() => parseEnvironment(['=x'], {})).toThrow('--env must be NAME=VALUE or NAME, not "=x"');
});

test('--volume takes host and box directory, read-only with :ro, or the name of a volume', () => {
  expect(parseVolume('/a:/b')).toEqual({ hostPath: '/a', guestPath: '/b', readOnly: false });
  expect(parseVolume('/a:/b:ro')).toEqual({ hostPath: '/a', guestPath: '/b', readOnly: true });
  expect(parseVolume('cache:/b:ro')).toEqual({ volume: 'cache', guestPath: '/b', readOnly: true });
  expect(parseVolume('./cache:/b')).toMatchObject({ hostPath: `${process.cwd()}/cache` });
  for (const wrong of ['/a', ':/b', '/a:', '/a:/b:rx', '/a:/b:ro:x']) expect(() => parseVolume(wrong)).toThrow(wrong);
});

test('--tmpfs takes a box directory and its size in MiB', () => {
  expect(boxOptions('alpine', { tmpfs: ['/a', '/b:8'] }).tmpfs).toEqual([
    { guestPath: '/a' },
    { guestPath: '/b', sizeMib: 8 },
  ]);
  for (const wrong of ['', '/a:x', '/a:1:2']) expect(() => boxOptions('alpine', { tmpfs: [wrong] })).toThrow('--tmpfs');
});

test('--label takes NAME=VALUE, as often as needed', () => {
  expect(boxOptions('alpine', { label: ['team=a', 'note=x=y', 'empty='] }).labels).toEqual({
    team: 'a',
    note: 'x=y',
    empty: '',
  });
  for (const wrong of ['team', '=a', '']) {
    expect(() => boxOptions('alpine', { label: [wrong] })).toThrow(`--label must be NAME=VALUE, not "${wrong}"`);
  }
});

test('a health check has its times in seconds', () => {
  const flags = { healthCommand: 'true', healthInterval: 1, healthTimeout: 2, healthRetries: 4, healthStartPeriod: 5 };
  expect(boxOptions('alpine', flags).healthCheck).toEqual({
    command: ['/bin/sh', '-c', 'true'],
    intervalMs: 1000,
    timeoutMs: 2000,
    retries: 4,
    startPeriodMs: 5000,
  });
  // Not the default, but what the runtime refuses.
  expect(
    boxOptions('alpine', { healthCommand: 'true', healthInterval: 0, healthRetries: 0 }).healthCheck,
  ).toMatchObject({
    intervalMs: 0,
    retries: 0,
  });
});

test('an image and --rootfs exclude each other', () => {
  expect(() => boxOptions('alpine', { rootfs: '/r' })).toThrow('give an image or --rootfs, not both');
});

test('only what was given is set, so that the runtime keeps its defaults', () => {
  expect(boxOptions('alpine', { capDrop: ['ALL'] }).capabilities).toEqual({ drop: ['ALL'] });
  expect(boxOptions('alpine', { capAdd: ['NET_RAW'] }).capabilities).toEqual({ add: ['NET_RAW'] });
  expect(boxOptions('alpine', {})).toEqual({ image: 'alpine', autoRemove: false });
  expect(boxOptions('alpine', { user: 'nobody', outputLimit: 2048, maxExecutions: 2 })).toMatchObject({
    user: 'nobody',
    outputLimitBytes: 2048,
    maxConcurrentExecutions: 2,
  });
  expect(boxOptions('alpine', { cpus: 2, memory: 512, rm: true, publish: ['80'] })).toEqual({
    image: 'alpine',
    cpus: 2,
    memoryMib: 512,
    ports: [{ guestPort: 80, hostPort: 0, protocol: 'tcp' }],
    autoRemove: true,
  });
});

test('an option where the command begins is an error, not the name of a program', () => {
  expect(commandWords(['ls', '-l'])).toEqual(['ls', '-l']);
  expect(commandWords(['--', '-x'])).toEqual(['-x']);
  expect(() => commandWords(['--name', 'one'])).toThrow('put options first');
});
