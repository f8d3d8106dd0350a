#include "internal.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct filter {
  uint16_t code;
  uint8_t yes, no;
  uint32_t value;
};

enum { CALLS_MAX = 64 };
enum { LOAD = 0x20, EQUAL = 0x15, RETURN = 0x06 };
enum { ALLOW = 0x7fff0000, DENY = 0x00050000 | EPERM, KILL = 0x80000000 };

#if defined(__x86_64__)
enum { ARCHITECTURE = 0xc000003e };
#elif defined(__aarch64__)
enum { ARCHITECTURE = 0xc00000b7 };
#else
#error "say which architecture this is"
#endif

static const uint32_t keeper_calls[] = {SYS_recvfrom, SYS_sendmsg, SYS_close, SYS_exit, SYS_exit_group,
                                        SYS_rt_sigreturn, SYS_restart_syscall};

static const uint32_t carrier_calls[] = {
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg, SYS_close,
    SYS_epoll_ctl, SYS_epoll_pwait, SYS_connect, SYS_accept4, SYS_bind, SYS_getsockname, SYS_getsockopt,
    SYS_setsockopt, SYS_shutdown, SYS_fcntl, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_openat,
    SYS_fstat, SYS_newfstatat, SYS_lseek, SYS_clock_gettime, SYS_getrandom, SYS_ppoll, SYS_exit, SYS_exit_group,
    SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_restart_syscall, SYS_getpid,
#ifdef SYS_epoll_wait
    SYS_epoll_wait, SYS_open, SYS_stat, SYS_poll,
#endif
};

/* No programs, files to write, signals, mounts or namespaces, and no sockets but those of the internet. */
static void filter_calls(const uint32_t *calls, size_t count) {
  struct filter program[4 + 2 * CALLS_MAX + 7];
  size_t used = 0;
  program[used++] = (struct filter){LOAD, 0, 0, 4};
  program[used++] = (struct filter){EQUAL, 1, 0, ARCHITECTURE};
  program[used++] = (struct filter){RETURN, 0, 0, (uint32_t)KILL};
  program[used++] = (struct filter){LOAD, 0, 0, 0};
  for (size_t i = 0; i < count && i < CALLS_MAX; i++) {
    program[used++] = (struct filter){EQUAL, 0, 1, calls[i]};
    program[used++] = (struct filter){RETURN, 0, 0, ALLOW};
  }
  program[used++] = (struct filter){EQUAL, 1, 0, SYS_socket};
  program[used++] = (struct filter){RETURN, 0, 0, DENY};
  program[used++] = (struct filter){LOAD, 0, 0, 16};
  program[used++] = (struct filter){EQUAL, 1, 0, AF_INET};
  program[used++] = (struct filter){EQUAL, 0, 1, AF_INET6};
  program[used++] = (struct filter){RETURN, 0, 0, ALLOW};
  program[used++] = (struct filter){RETURN, 0, 0, DENY};
  struct {
    unsigned short length;
    struct filter *filter;
  } whole = {(unsigned short)used, program};
  prctl(PR_SET_SECCOMP, 2, &whole, 0, 0);
}

void privilege_drop(bool keeper) {
  struct {
    uint32_t version;
    int pid;
  } head = {0x20080522, 0};
  uint32_t none[6] = {0};
  for (int capability = 0; capability < 64; capability++) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  /* Fails in a user namespace with one user only: there it is that user, without capabilities. */
  if (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
    errno = 0;
  syscall(SYS_capset, &head, none);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (keeper) filter_calls(keeper_calls, sizeof keeper_calls / sizeof *keeper_calls);
  else filter_calls(carrier_calls, sizeof carrier_calls / sizeof *carrier_calls);
}
