import { expect, test } from 'vitest';
import { seccompProfile } from './seccomp.ts';

function allowed(preset: 'development' | 'standard' | 'maximum', arch = 'x64'): ReadonlySet<string> {
  const rules = seccompProfile(preset, preset === 'development' ? ['SYS_CHROOT'] : [], arch).syscalls;
  return new Set(
    rules.filter(({ action, args }) => action === 'SCMP_ACT_ALLOW' && !args).flatMap(({ names }) => names),
  );
}

test('allows what every program needs and nothing that administers the machine', () => {
  for (const preset of ['development', 'standard', 'maximum'] as const) {
    const names = allowed(preset);
    for (const name of ['read', 'openat', 'getrandom', 'futex', 'execve', 'epoll_wait', 'fork'])
      expect(names).toContain(name);
    for (const name of [
      'mount',
      'bpf',
      'setns',
      'clone',
      'unshare',
      'io_uring_setup',
      'socket',
      'personality',
      'reboot',
      // Boxes share the keyring that they inherit.
      'keyctl',
      'add_key',
      'request_key',
    ])
      expect(names).not.toContain(name);
  }
});

test('each preset is stricter than the one before', () => {
  const [development, standard, maximum] = [allowed('development'), allowed('standard'), allowed('maximum')];
  expect(standard.isSubsetOf(development)).toBe(true);
  expect(maximum.isSubsetOf(standard)).toBe(true);
  expect(development).toContain('chroot');
  expect(standard).toContain('ptrace');
  expect(maximum).not.toContain('ptrace');
});

test('filters every namespace flag of clone', () => {
  const clone = seccompProfile('standard', [], 'x64').syscalls.find(({ names }) => names[0] === 'clone');
  const flags = [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];
  expect(clone?.args).toEqual([
    { index: 0, value: flags.reduce((sum, flag) => sum + flag), valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
  ]);
});

test('refuses an architecture it does not know', () => {
  expect(() => seccompProfile('standard', [], 'mips')).toThrow('no system call filter for mips');
});
