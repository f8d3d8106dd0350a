/* An ordinary user's host program is root in a user namespace of its own, over that user's subordinate ids. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* From linux/nsfs.h: the user namespace that made this one. */
enum { NS_GET_PARENT_ = 0xb702 };

static int run(const char *program, const char *pid, const char *user, const char *first, const char *count) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    char *empty[] = {NULL};
    char *argv[] = {(char *)program, (char *)pid, "0", (char *)user, "1", "1", (char *)first, (char *)count, NULL};
    execve(program, argv, empty);
    _exit(127);
  }
  if (child < 0) return -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* In a process that stayed outside: only there are the set-user-id programs of the user. Exits with 1 or 2 for which failed. */
static void write_maps(pid_t pid, const struct host_rootless *options) {
  char target[24], user[24], group[24], first_user[24], first_group[24], count[24];
  snprintf(target, sizeof target, "%d", (int)pid);
  snprintf(user, sizeof user, "%u", getuid());
  snprintf(group, sizeof group, "%u", getgid());
  snprintf(first_user, sizeof first_user, "%u", options->first_user);
  snprintf(first_group, sizeof first_group, "%u", options->first_group);
  snprintf(count, sizeof count, "%u", options->count);
  if (run(options->newuidmap, target, user, first_user, count) != 0) _exit(1);
  if (run(options->newgidmap, target, group, first_group, count) != 0) _exit(2);
  _exit(0);
}

static int make(const struct host_rootless *options, struct host_fault *fault) {
  int ends[2], status = -1;
  pid_t self = getpid();
  if (pipe2(ends, O_CLOEXEC) != 0) return host_fail(fault, errno, "make", "a pipe");
  pid_t child = fork();
  if (child == 0) {
    char go;
    close(ends[1]);
    if (read(ends[0], &go, 1) != 1) _exit(0);
    write_maps(self, options);
  }
  close(ends[0]);
  int made = child > 0 && unshare(CLONE_NEWUSER) == 0, error = errno;
  if (made && write(ends[1], "", 1) != 1) made = 0;
  close(ends[1]);
  if (child > 0)
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!made) return host_fail(fault, error, "make a user namespace", "(see /proc/sys/user/max_user_namespaces)");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return host_fail(fault, EPERM, "the user's subordinate ids are refused by",
                     WEXITSTATUS(status) == 2 ? options->newgidmap : options->newuidmap);
  return 0;
}

/* The namespace that a running box was made from: nobody else may end or look at what is below it. */
static int join(const char *of) {
  char path[64];
  int pid = 0, own, parent, result = -1;
  unsigned long long start = 0;
  if (sscanf(of, "%d:%llu", &pid, &start) != 2 || pid <= 1) return -1;
  snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
  own = open(path, O_RDONLY | O_CLOEXEC);
  if (own < 0) return -1;
  parent = host_start_time(pid) == start ? ioctl(own, NS_GET_PARENT_) : -1;
  if (parent >= 0) {
    result = setns(parent, CLONE_NEWUSER);
    close(parent);
  }
  close(own);
  return result;
}

int host_become_root(const struct host_rootless *options, struct host_fault *fault) {
  int joined = 0;
  for (int i = 0; i < options->join_count && !joined; i++) joined = join(options->joins[i]) == 0;
  if (!joined && make(options, fault) != 0) return -1;
  if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) return host_fail(fault, errno, "become", "root of the namespace");
  return host_own_root(options->mounts, fault);
}
