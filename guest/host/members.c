/* The processes of a box, found by its PID namespace: what stops, continues and counts them where the user has no cgroups. */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#define SYS_pidfd_send_signal 424
#endif

enum { MEMBERS_MAX = 1 << 20, FREEZE_MS = 10000 };

struct members {
  pid_t first; /* PID 1 of the box */
  dev_t device;
  ino_t inode;
  pid_t *pids;
  size_t count, room;
};

static int is_member(const struct members *members, pid_t pid) {
  char path[64];
  struct stat found;
  snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
  return stat(path, &found) == 0 && found.st_dev == members->device && found.st_ino == members->inode;
}

static ssize_t read_text(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  if (length >= 0) text[length] = 0;
  return length;
}

static int by_pid(const void *one, const void *other) { return *(const pid_t *)one - *(const pid_t *)other; }

/* Oldest first, as far as numbers tell; false when PID 1 of the box is gone. */
static int find(struct members *members, uint64_t start) {
  char path[64];
  struct stat own;
  struct dirent *entry;
  snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)members->first);
  if (stat(path, &own) != 0 || host_start_time(members->first) != start) return 0;
  members->device = own.st_dev, members->inode = own.st_ino, members->count = 0;
  DIR *directory = opendir("/proc");
  if (!directory) return 0;
  while ((entry = readdir(directory))) {
    pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
    if (pid <= 1 || members->count == MEMBERS_MAX || !is_member(members, pid)) continue;
    if (members->count == members->room) {
      members->room = members->room ? 2 * members->room : 256;
      members->pids = realloc(members->pids, members->room * sizeof *members->pids);
      if (!members->pids) _exit(70);
    }
    members->pids[members->count++] = pid;
  }
  closedir(directory);
  if (members->count) qsort(members->pids, members->count, sizeof *members->pids, by_pid);
  return 1;
}

/* Pinned before it is looked at again: a number may be another process's by now. */
static void send(const struct members *members, pid_t pid, int signal_number) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) return;
  if (is_member(members, pid)) syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 0);
  close(fd);
}

/* Whether no thread of it runs. */
static int stands(pid_t pid) {
  char path[96], text[1024];
  struct dirent *entry;
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *directory = opendir(path);
  int result = 1;
  if (!directory) return 1;
  while (result && (entry = readdir(directory))) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", (int)pid, entry->d_name);
    if (read_text(path, text, sizeof text) <= 0) continue;
    const char *at = strrchr(text, ')');
    if (at && at[1] == ' ' && !strchr("TtZX", at[2])) result = 0;
  }
  closedir(directory);
  return result;
}

static void go_on(const struct members *members) {
  /* Children first: a shell that waits for stopped children must find none when its turn comes. */
  for (size_t i = members->count; i > 0; i--) send(members, members->pids[i - 1], SIGCONT);
}

static int freeze(struct members *members, uint64_t start, struct host_fault *fault) {
  uint64_t until = host_now_ms() + FREEZE_MS;
  for (;;) {
    int moving = 0;
    if (!find(members, start)) return 0;
    for (size_t i = 0; i < members->count; i++) {
      if (stands(members->pids[i])) continue;
      moving = 1;
      send(members, members->pids[i], SIGSTOP);
    }
    if (!moving) return 0;
    if (host_now_ms() > until) {
      go_on(members);
      return host_fail(fault, ETIMEDOUT, "stop every process of", "the box, one may wait for a disk");
    }
    nanosleep(&(struct timespec){0, 1000 * 1000}, NULL);
  }
}

int host_freeze(struct host_reader *reader, struct host_fault *fault) {
  struct members members = {.first = (pid_t)host_u32(reader)};
  uint64_t start = host_u64(reader);
  uint8_t stop = host_u8(reader);
  int result = 0;
  if (!host_finished(reader) || members.first <= 1) return host_fail(fault, EINVAL, "freeze", "a malformed request");
  if (stop) result = freeze(&members, start, fault);
  else if (find(&members, start)) go_on(&members);
  free(members.pids);
  return result;
}

/* Ticks of its own and of the children that it has waited for. */
static uint64_t ticks(pid_t pid) {
  char path[64], text[1024];
  uint64_t sum = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  if (read_text(path, text, sizeof text) <= 0) return 0;
  char *at = strrchr(text, ')');
  for (int field = 2; at && field < 17; field++) {
    at = strchr(at + 1, ' ');
    if (at && field >= 13) sum += strtoull(at + 1, NULL, 10);
  }
  return sum;
}

/* What it shares with others counts as its part of it. */
static uint64_t memory(pid_t pid) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
  if (read_text(path, text, sizeof text) <= 0) return 0;
  const char *at = strstr(text, "\nPss:");
  return at ? strtoull(at + 5, NULL, 10) * 1024 : 0;
}

int host_usage(struct host_reader *reader, struct host_buffer *result, struct host_fault *fault) {
  struct members members = {.first = (pid_t)host_u32(reader)};
  uint64_t start = host_u64(reader), sums[2] = {0};
  if (!host_finished(reader) || members.first <= 1) return host_fail(fault, EINVAL, "count", "a malformed request");
  if (find(&members, start))
    for (size_t i = 0; i < members.count; i++) sums[0] += ticks(members.pids[i]), sums[1] += memory(members.pids[i]);
  for (int i = 0; i < 2; i++) {
    host_append_u32(result, (uint32_t)sums[i]);
    host_append_u32(result, (uint32_t)(sums[i] >> 32));
  }
  host_append_u32(result, (uint32_t)members.count);
  free(members.pids);
  return 0;
}
