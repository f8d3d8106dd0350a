/** A C program that tries system calls and prints a line with each one's name and answer. For tests. */
export const probeSource: string = `
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#define TRY(name, ...) { long r = syscall(__VA_ARGS__); \\
  puts(r >= 0 ? name " 0" : errno == EPERM ? name " EPERM" : errno == ENOSYS ? name " ENOSYS" : name " other"); }
int main() {
  char buffer[8];
  setvbuf(stdout, 0, _IONBF, 0);
  TRY("bpf", SYS_bpf, 0, 0, 0) TRY("io_uring", 425, 1, 0) TRY("keyctl", SYS_keyctl, 0, -1, 0)
  TRY("userfaultfd", SYS_userfaultfd, 0) TRY("perf", SYS_perf_event_open, 0, 0, 0, 0, 0)
  TRY("unshare_user", SYS_unshare, 0x10000000) TRY("unshare_files", SYS_unshare, 0x400)
  TRY("clone_user", SYS_clone, 0x10000000 | 17, 0, 0, 0, 0) TRY("clone3", 435, 0, 0)
  TRY("vsock", SYS_socket, 40, 1, 0) TRY("alg", SYS_socket, 38, 5, 0) TRY("inet", SYS_socket, 2, 1, 0)
  TRY("netlink", SYS_socket, 16, 3, 0) TRY("mount", SYS_mount, "n", "/tmp", "tmpfs", 0, 0)
  TRY("setns", SYS_setns, 0, 0) TRY("fsopen", 430, "tmpfs", 0) TRY("open_tree", 428, -100, "/", 0)
  TRY("getrandom", SYS_getrandom, buffer, 8, 0)
  if (vfork() == 0) _exit(0);
  puts("fork 0");
  return 0;
}
`;
