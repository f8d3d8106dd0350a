import { type SecurityPreset, UnsupportedError } from 'boxlite/backend';

// What ordinary programs need, by purpose. Everything else answers EPERM: namespaces and mounts (unshare, setns, mount,
// fsopen, open_tree), kernel interfaces with a history of holes (bpf, io_uring, userfaultfd, perf_event_open, keyctl),
// and the administration of the machine (kexec, modules, clocks, swap, reboot, quotas).
const files = `access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
  fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync
  fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64
  futimesat getcwd getdents getdents64 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch
  ioctl lchown lchown32 lgetxattr link linkat listxattr listxattrat llistxattr lremovexattr lseek _llseek lsetxattr lstat
  lstat64 memfd_create mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat openat2 pread64 preadv preadv2
  pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr removexattrat rename renameat renameat2
  rmdir sendfile sendfile64 setxattr setxattrat splice stat stat64 statfs statfs64 statx symlink symlinkat sync
  sync_file_range sync_file_range2 syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64
  utimes vmsplice write writev cachestat statmount listmount
  landlock_add_rule landlock_create_ruleset landlock_restrict_self`;
const memory = `brk madvise mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap msync munlock munlockall munmap
  map_shadow_stack mseal pkey_alloc pkey_free pkey_mprotect process_madvise process_mrelease remap_file_pages memfd_secret
  membarrier get_mempolicy set_mempolicy mbind set_mempolicy_home_node`;
const processes = `capget capset execve execveat exit exit_group fork vfork getcpu getegid getegid32 geteuid geteuid32 getgid
  getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32
  getrlimit get_robust_list getrusage getsid gettid getuid getuid32 ioprio_get ioprio_set kill pidfd_open
  pidfd_send_signal prctl rseq sched_getaffinity sched_getattr sched_getparam sched_get_priority_max
  sched_get_priority_min sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity
  sched_setattr sched_setparam sched_setscheduler sched_yield seccomp setfsgid setfsgid32 setfsuid setfsuid32 setgid
  setgid32 setgroups setgroups32 setpgid setregid setregid32 setresgid setresgid32 setresuid setresuid32
  setreuid setreuid32 setrlimit set_robust_list setsid set_tid_address setuid setuid32 sysinfo tgkill times tkill uname
  ugetrlimit wait4 waitid waitpid arch_prctl set_thread_area get_thread_area modify_ldt
  riscv_flush_icache riscv_hwprobe`;
const signals = `alarm pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
  rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigaction signal signalfd signalfd4
  sigpending sigprocmask sigreturn sigsuspend`;
const time = `clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer
  gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
  timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64`;
const waiting = `epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
  eventfd2 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake io_cancel io_destroy io_getevents
  io_pgetevents io_pgetevents_time64 io_setup io_submit pipe pipe2 poll ppoll ppoll_time64 pselect6 pselect6_time64 select
  _newselect`;
const communication = `accept accept4 bind connect getpeername getsockname getsockopt listen mq_getsetattr mq_notify mq_open
  mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd recv
  recvfrom recvmmsg recvmmsg_time64 recvmsg semctl semget semop semtimedop semtimedop_time64 send sendmmsg sendmsg sendto
  setsockopt shmat shmctl shmdt shmget shutdown socketpair ipc`;
const development = 'nice olduname socketcall';
const debugging = 'ptrace kcmp pidfd_getfd process_vm_readv process_vm_writev';

const names = (text: string): string[] => text.split(/\s+/).filter((name) => name !== '');

interface Argument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ';
}

interface Rule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly Argument[];
}

/** `linux.seccomp` of the OCI runtime specification. */
export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly Rule[];
}

const EPERM = 1;
const ENOSYS = 38;
// CLONE_NEWTIME is left out: in clone its bit is part of the exit signal, and in unshare it is covered below.
const newNamespaces = 0x7e02_0000;
const newTime = 0x80;
const addressFamilies = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
// Of a process or group that is named 0, its own. The kernel reads 32 of the 64 bits, so 32 are compared.
const ofItself = (index: number): Argument => ({ index, value: 0xffff_ffff, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' });
const personalities = [0x0, 0x8, 0x4_0000, 0x2_0000, 0x2_0008, 0xffff_ffff];

function allowWhen(name: string, argument: Argument): Rule {
  return { names: [name], action: 'SCMP_ACT_ALLOW', args: [argument] };
}

const architecture: Readonly<Record<string, { readonly native: string; readonly compatible: readonly string[] }>> = {
  x64: { native: 'SCMP_ARCH_X86_64', compatible: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
  arm64: { native: 'SCMP_ARCH_AARCH64', compatible: ['SCMP_ARCH_ARM'] },
  riscv64: { native: 'SCMP_ARCH_RISCV64', compatible: [] },
};

/** The allow-list a box runs under. `development` adds 32-bit programs, `maximum` takes debugging away. `UnsupportedError` where there is none for the architecture. */
export function seccompProfile(
  preset: SecurityPreset,
  capabilities: readonly string[],
  arch: string = process.arch,
): SeccompProfile {
  const known = architecture[arch];
  if (known === undefined)
    throw new UnsupportedError(`no system call filter for ${arch}; boxes need x64, arm64 or riscv64`);
  const maximum = preset === 'maximum';
  const allowed = [
    files,
    memory,
    processes,
    signals,
    time,
    waiting,
    communication,
    maximum ? '' : debugging,
    preset === 'development' ? development : '',
    capabilities.includes('SYS_CHROOT') ? 'chroot' : '',
  ];
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: preset === 'development' ? [known.native, ...known.compatible] : [known.native],
    syscalls: [
      { names: allowed.flatMap(names), action: 'SCMP_ACT_ALLOW' },
      // Its flags lie in memory, where no filter can look: C libraries fall back to clone.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      allowWhen('clone', { index: 0, value: newNamespaces, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }),
      allowWhen('unshare', { index: 0, value: newNamespaces + newTime, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }),
      // Of others would be of the guest, too, which has the same user as the box's root.
      allowWhen('prlimit64', ofItself(0)),
      ...[0, 1].map((value) => ({
        ...allowWhen('setpriority', ofItself(1)),
        args: [{ index: 0, value: 0xffff_ffff, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' } as const, ofItself(1)],
      })),
      ...Object.values(addressFamilies).map((value) => allowWhen('socket', { index: 0, value, op: 'SCMP_CMP_EQ' })),
      ...personalities.map((value) => allowWhen('personality', { index: 0, value, op: 'SCMP_CMP_EQ' })),
    ],
  };
}
