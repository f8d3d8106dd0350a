/* An ordinary user's host program is root in a user namespace of its own, over that user's subordinate ids. */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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

/* Whether it maps ids as this user's would, seen from within; in a child, as nobody comes back from there. */
static int maps_alike(int namespace, const struct host_rootless *options) {
  int status;
  uid_t user = getuid();
  pid_t child = fork();
  if (child == 0) {
    unsigned map[6] = {0};
    FILE *file = setns(namespace, CLONE_NEWUSER) == 0 ? fopen("/proc/self/uid_map", "re") : NULL;
    int read = file ? fscanf(file, "%u %u %u %u %u %u", &map[0], &map[1], &map[2], &map[3], &map[4], &map[5]) : 0;
    _exit(read == 6 && map[0] == 0 && map[1] == user && map[2] == 1 && map[3] == 1 && map[4] == options->first_user &&
                  map[5] == options->count
              ? 0
              : 1);
  }
  if (child < 0) return 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static ino_t inode_of(int fd) {
  struct stat found;
  return fstat(fd, &found) == 0 ? found.st_ino : 0;
}

/* The namespace of that inode that a process is in, or that one above it that was made from the user's own. */
static int above(pid_t pid, ino_t inode, ino_t own) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && inode_of(fd) != own) {
    int parent = ioctl(fd, NS_GET_PARENT_);
    if (parent >= 0 && inode_of(fd) == inode && inode_of(parent) == own) {
      close(parent);
      return fd;
    }
    close(fd);
    fd = parent;
  }
  if (fd >= 0) close(fd);
  return -1;
}

/* Joins the namespace of an earlier life while anything is in it or below it: nobody else could end that. */
static int join(const struct host_rootless *options) {
  unsigned long inode = 0;
  struct stat own;
  struct dirent *entry;
  FILE *file = fopen(options->namespace, "re");
  if (!file) return -1;
  int read = fscanf(file, "%lu", &inode), joined = -1;
  fclose(file);
  DIR *processes = read == 1 && stat("/proc/self/ns/user", &own) == 0 ? opendir("/proc") : NULL;
  while (processes && joined != 0 && (entry = readdir(processes))) {
    pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
    int namespace = pid > 1 ? above(pid, (ino_t)inode, own.st_ino) : -1;
    if (namespace < 0) continue;
    if (maps_alike(namespace, options)) joined = setns(namespace, CLONE_NEWUSER);
    close(namespace);
    if (joined != 0) break;
  }
  if (processes) closedir(processes);
  return joined;
}

/* For the next life, before anything is started in it. */
static int note(const char *path) {
  char line[32];
  struct stat own;
  if (stat("/proc/self/ns/user", &own) != 0) return -1;
  int length = snprintf(line, sizeof line, "%lu\n", (unsigned long)own.st_ino);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -1;
  int result = write(fd, line, (size_t)length) == length ? 0 : -1;
  close(fd);
  return result;
}

int host_become_root(const struct host_rootless *options, struct host_fault *fault) {
  if (join(options) != 0 && make(options, fault) != 0) return -1;
  if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) return host_fail(fault, errno, "become", "root of the namespace");
  if (note(options->namespace) != 0) return host_fail(fault, errno, "write", options->namespace);
  return host_own_root(options->mounts, fault);
}
