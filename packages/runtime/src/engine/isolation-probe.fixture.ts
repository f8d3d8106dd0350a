/**
 * A C program that tries to get out of its box, or at its guest, one attempt a process, and prints a line with each
 * one's name and outcome. Arguments: an abstract socket, a TCP port, a process id and a file of the host; or `bomb`,
 * which forks for ever, each in a session of its own. For tests.
 */
export const isolationProbeSource: string = `
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *error_name(int error) {
  switch (error) {
    case EPERM: return "EPERM"; case EACCES: return "EACCES"; case EROFS: return "EROFS"; case ENOENT: return "ENOENT";
    case ESRCH: return "ESRCH"; case ENOSYS: return "ENOSYS"; case ECONNREFUSED: return "ECONNREFUSED"; case EINVAL: return "EINVAL";
    case EBUSY: return "EBUSY"; case ETXTBSY: return "ETXTBSY"; case ENODATA: return "nothing"; case ENXIO: return "ENXIO"; case ENODEV: return "ENODEV"; case EAFNOSUPPORT: return "EAFNOSUPPORT"; case ENOTTY: return "ENOTTY"; case 0: return "no answer";
    default: return strerror(error);
  }
}
static void tell(const char *name, const char *outcome) { printf("%s\\t%s\\n", name, outcome); fflush(stdout); }

/* Each in a child of its own, so that none harms the next, and at most five seconds. */
#define ATTEMPT(name, expression) do { pid_t p = fork(); int s; \\
  if (p == 0) { alarm(5); errno = 0; long r = (long)(expression); tell(name, r >= 0 ? "done" : error_name(errno)); _exit(0); } \\
  waitpid(p, &s, 0); if (WIFSIGNALED(s)) tell(name, WTERMSIG(s) == SIGALRM ? "hung" : "killed"); } while (0)

static int write_to(const char *path) { int fd = open(path, O_WRONLY); return fd < 0 ? -1 : (int)write(fd, "1", 1); }
static int open_rw(const char *path) { return open(path, O_RDWR); }
static int read_some(const char *path) {
  char bytes[64];
  int fd = open(path, O_RDONLY);
  ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
  if (n == 0) { errno = ENODATA; return -1; }
  return (int)n;
}
static int connect_unix(const char *path, int abstract) {
  struct sockaddr_un a = { .sun_family = AF_UNIX };
  strncpy(a.sun_path + abstract, path, sizeof a.sun_path - 2);
  return connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, offsetof(struct sockaddr_un, sun_path) + abstract + strlen(path) + !abstract);
}
static int connect_port(int port) {
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  return connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&a, sizeof a);
}
static int read_memory(void) {
  char bytes[8];
  struct iovec here = { bytes, 8 }, there = { (void *)0x400000, 8 };
  return (int)process_vm_readv(1, &here, 1, &there, 1, 0);
}
/* The file of that name in whatever hierarchy of cgroups there is. */
static int write_cgroup(const char *name) {
  static const char *folders[] = { "", "memory/", "pids/", "devices/", "freezer/", "systemd/" };
  int told = ENOENT;
  for (int i = 0; i < 6; i++) {
    char path[128];
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s%s", folders[i], name);
    if (write_to(path) >= 0) return 0;
    if (errno != ENOENT) told = errno;
  }
  errno = told;
  return -1;
}
static int make_cgroup(void) {
  int told = ENOENT;
  DIR *d = opendir("/sys/fs/cgroup");
  for (struct dirent *e; d && (e = readdir(d));) {
    char path[300], events[320];
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/mine", e->d_name);
    snprintf(events, sizeof events, "%s/cgroup.procs", path);
    if (e->d_name[0] == '.' || mkdir(path, 0700) < 0) { if (errno == EROFS || errno == EPERM) told = errno; continue; }
    if (access(events, F_OK) == 0) return 0;
    rmdir(path);
  }
  errno = told;
  return -1;
}
static int raise_capabilities(void) {
  struct { unsigned version; int pid; } head = { 0x20080522, 0 };
  struct { unsigned effective, permitted, inheritable; } sets[2];
  if (syscall(SYS_capget, &head, sets) < 0) return -1;
  sets[0].effective = sets[0].permitted |= 1u << 21;
  return (int)syscall(SYS_capset, &head, sets);
}
static int copy_self(const char *to) {
  char bytes[65536];
  int from = open("/proc/self/exe", O_RDONLY), fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
  for (ssize_t n; (n = read(from, bytes, sizeof bytes)) > 0;) if (write(fd, bytes, n) != n) return -1;
  close(from);
  return close(fd);
}
/* As another user, runs a copy of this program that is set-user-id root, or has every capability. */
static int run_privileged(const char *to, int capabilities) {
  struct { unsigned magic, permitted, inheritable, permitted_high, inheritable_high; } all = { 0x02000001, ~0u, 0, 0, 0 };
  if (copy_self(to) < 0) return -1;
  if (capabilities) setxattr(to, "security.capability", &all, sizeof all, 0);
  else chmod(to, 04755);
  if (setgid(1000) < 0 || setuid(1000) < 0) return -1;
  return execl(to, to, capabilities ? "am-i-capable" : "am-i-root", (char *)0);
}
static int am_i_capable(void) {
  struct { unsigned version; int pid; } head = { 0x20080522, 0 };
  struct { unsigned effective, permitted, inheritable; } sets[2] = { 0 };
  syscall(SYS_capget, &head, sets);
  return sets[0].permitted != 0;
}
static int set_flags(void) {
  struct ifreq r = { .ifr_name = "lo", .ifr_flags = 0 };
  return ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &r);
}
static int find_block_device(void) {
  DIR *d = opendir("/dev");
  struct stat st;
  for (struct dirent *e; d && (e = readdir(d));) if (fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISBLK(st.st_mode)) return 0;
  errno = ENOENT;
  return -1;
}
static int open_by_handle(void) {
  struct { unsigned bytes; int type; unsigned inode, generation; } handle = { 8, 1, 2, 0 };
  return (int)syscall(SYS_open_by_handle_at, open("/", O_RDONLY), &handle, O_RDONLY);
}
static int raise_limit(void) { struct rlimit l = { RLIM_INFINITY, RLIM_INFINITY }; return setrlimit(RLIMIT_NOFILE, &l); }
static long old_call(void) {
#ifdef __x86_64__
  long r;
  __asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
  return r;
#else
  raise(SIGSYS);
  return 0;
#endif
}
static int open_node(const char *path, mode_t type, dev_t device) { return mknod(path, type | 0600, device) < 0 ? -1 : open(path, O_RDWR); }
static int limit_guest(void) { struct rlimit l = { 1, 1 }; return (int)syscall(SYS_prlimit64, 1, RLIMIT_CPU, &l, 0); }
static int limit_guest_disguised(void) { struct rlimit l = { 1, 1 }; return (int)syscall(SYS_prlimit64, (1L << 32) + 1, RLIMIT_CPU, &l, 0); }
static int make_file(const char *path) { return open(path, O_WRONLY | O_CREAT, 0600); }
static int escape_chroot(void) { return mkdir("/tmp/jail", 0700) < 0 && errno != EEXIST ? -1 : chroot("/tmp/jail"); }

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "bomb") == 0) { signal(SIGTERM, SIG_IGN); for (;;) if (fork() == 0) setsid(); }
  if (argc == 2) { tell(argv[1], strcmp(argv[1], "am-i-root") == 0 ? (geteuid() == 0 ? "yes" : "no") : am_i_capable() ? "yes" : "no"); return 0; }
  ATTEMPT("guest-socket-open", open_rw("/proc/1/fd/3"));
  ATTEMPT("guest-socket-connect", connect_unix("/proc/1/fd/3", 0));
  ATTEMPT("guest-socket-take", syscall(438, syscall(434, 1, 0), 3, 0));
  ATTEMPT("guest-ptrace", ptrace(PTRACE_ATTACH, 1, 0, 0));
  ATTEMPT("guest-seize", ptrace(PTRACE_SEIZE, 1, 0, 0));
  ATTEMPT("guest-memory-write", open_rw("/proc/1/mem"));
  ATTEMPT("guest-memory-read", read_memory());
  ATTEMPT("guest-environment", read_some("/proc/1/environ"));
  ATTEMPT("guest-root", open("/proc/1/root/", O_RDONLY));
  ATTEMPT("guest-namespaces", open("/proc/1/ns/mnt", O_RDONLY));
  ATTEMPT("guest-program", write_to("/.boxlite/guest"));
  ATTEMPT("guest-program-running", write_to("/proc/1/exe"));
  ATTEMPT("guest-program-unlink", unlink("/.boxlite/guest"));
  ATTEMPT("guest-program-mode", chmod("/.boxlite/guest", 0));
  if (!getenv("KEEP_GUEST")) {
  ATTEMPT("guest-kill", kill(1, SIGKILL));
  ATTEMPT("guest-stop", kill(1, SIGSTOP));
  ATTEMPT("guest-terminate", kill(1, SIGTERM));
  }
  ATTEMPT("guest-limits", limit_guest());
  ATTEMPT("guest-limits-disguised", limit_guest_disguised());
  ATTEMPT("guest-priority", setpriority(PRIO_PROCESS, 1, 19));
  ATTEMPT("guest-priority-by-user", setpriority(PRIO_USER, 0, 19));
  ATTEMPT("mount", mount("none", "/mnt", "tmpfs", 0, ""));
  ATTEMPT("remount", mount("", "/etc/hosts", "", MS_REMOUNT | MS_BIND, ""));
  ATTEMPT("unmount", umount2("/proc/sys", MNT_DETACH));
  ATTEMPT("pivot-root", syscall(SYS_pivot_root, ".", "."));
  ATTEMPT("new-mount-api", syscall(430, "tmpfs", 0));
  ATTEMPT("open-tree", syscall(428, -100, "/", 1));
  ATTEMPT("unshare-user", unshare(CLONE_NEWUSER));
  ATTEMPT("unshare-mount", unshare(CLONE_NEWNS));
  ATTEMPT("clone-user", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
  ATTEMPT("clone3", syscall(435, 0, 0));
  ATTEMPT("setns", syscall(SYS_setns, open("/proc/self/ns/mnt", O_RDONLY), 0));
  ATTEMPT("chroot", escape_chroot());
  ATTEMPT("open-by-handle", open_by_handle());
  ATTEMPT("keyctl", syscall(SYS_keyctl, 0, -1, 0));
  ATTEMPT("add-key", syscall(SYS_add_key, "user", "k", "v", 1, -4));
  ATTEMPT("bpf", syscall(SYS_bpf, 0, 0, 0));
  ATTEMPT("io-uring", syscall(425, 1, 0));
  ATTEMPT("userfaultfd", syscall(SYS_userfaultfd, 0));
  ATTEMPT("perf", syscall(SYS_perf_event_open, 0, 0, 0, 0, 0));
  ATTEMPT("raw-socket", socket(AF_INET, SOCK_RAW, 1));
  ATTEMPT("packet-socket", socket(AF_PACKET, SOCK_RAW, 0));
  ATTEMPT("vsock", socket(40, SOCK_STREAM, 0));
  ATTEMPT("interface", set_flags());
  ATTEMPT("block-device", open_node("/tmp/disk", S_IFBLK, makedev(254, 0)));
  ATTEMPT("memory-device", open_node("/tmp/mem", S_IFCHR, makedev(1, 1)));
  ATTEMPT("find-block-device", find_block_device());
  ATTEMPT("dev-mem", open_rw("/dev/mem"));
  ATTEMPT("dev-kmsg", open_rw("/dev/kmsg"));
  ATTEMPT("kcore", read_some("/proc/kcore"));
  ATTEMPT("kernel-addresses", read_some("/proc/vmallocinfo"));
  ATTEMPT("kernel-slabs", read_some("/proc/slabinfo"));
  ATTEMPT("kernel-pages", read_some("/proc/kpagecount"));
  ATTEMPT("kernel-log", syscall(SYS_syslog, 3, (char[64]){ 0 }, 64));
  ATTEMPT("core-pattern", write_to("/proc/sys/kernel/core_pattern"));
  ATTEMPT("sysrq", write_to("/proc/sysrq-trigger"));
  ATTEMPT("sysfs", write_to("/sys/kernel/mm/transparent_hugepage/enabled"));
  ATTEMPT("release-agent", write_cgroup("release_agent"));
  ATTEMPT("own-limits", write_cgroup("memory.limit_in_bytes") < 0 && errno == ENOENT ? write_cgroup("memory.max") : -1);
  ATTEMPT("own-cgroup", make_cgroup());
  ATTEMPT("cgroup-folder", make_file("/sys/fs/cgroup/mine"));
  ATTEMPT("user-mapping", write_to("/proc/self/uid_map"));
  ATTEMPT("time-namespace", unshare(0x80));
  ATTEMPT("watch-all-files", syscall(SYS_fanotify_init, 0, 0));
  ATTEMPT("kernel-keys-read", read_some("/proc/keys"));
  ATTEMPT("kernel-crypto", socket(38, SOCK_SEQPACKET, 0));
  ATTEMPT("module", syscall(SYS_init_module, 0, 0, ""));
  ATTEMPT("kexec", syscall(SYS_kexec_load, 0, 0, 0, 0));
  ATTEMPT("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0));
  ATTEMPT("clock", syscall(SYS_clock_settime, 0, (long[2]){ 1, 0 }));
  ATTEMPT("hostname", sethostname("x", 1));
  ATTEMPT("swap", syscall(SYS_swapoff, "/dev/vda"));
  ATTEMPT("capabilities", raise_capabilities());
  ATTEMPT("new-privileges", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
  ATTEMPT("seccomp-off", prctl(PR_GET_SECCOMP) == 2 ? prctl(PR_SET_SECCOMP, 0, 0, 0, 0) : 0);
  ATTEMPT("old-system-calls", old_call());
  ATTEMPT("open-files", raise_limit());
  ATTEMPT("priority", setpriority(PRIO_PROCESS, 0, -5));
  ATTEMPT("overlay-attribute", setxattr("/tmp", "trusted.overlay.opaque", "y", 1, 0));
  ATTEMPT("hosts-file", write_to("/etc/hosts"));
  ATTEMPT("set-user-id", run_privileged("/tmp/suid", 0));
  ATTEMPT("file-capabilities", run_privileged("/tmp/fcap", 1));
  ATTEMPT("host-abstract-socket", connect_unix(argv[1], 1));
  ATTEMPT("host-port", connect_port(atoi(argv[2])));
  ATTEMPT("host-process", kill(atoi(argv[3]), 0));
  ATTEMPT("host-file", open(argv[4], O_RDONLY));
  return 0;
}
`;
