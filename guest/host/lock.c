#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 15000 };

/* The command line of a process, its arguments parted by blanks. */
static void read_command(pid_t pid, char *command, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
  command[0] = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t length = read(fd, command, size - 1);
  close(fd);
  if (length < 0) length = 0;
  while (length > 0 && command[length - 1] == 0) length--;
  for (ssize_t i = 0; i < length; i++)
    if ((unsigned char)command[i] < ' ') command[i] = ' ';
  command[length] = 0;
}

static void write_note(int fd) {
  char command[1024], note[1200];
  pid_t parent = getppid();
  read_command(parent, command, sizeof command);
  int length = snprintf(note, sizeof note, "%d %llu %d %s\n", parent, (unsigned long long)host_start_time(parent),
                        getpid(), command);
  if (ftruncate(fd, 0) == 0 && pwrite(fd, note, (size_t)length, 0) != length) ftruncate(fd, 0);
}

static void read_note(int fd, char *note, size_t size) {
  ssize_t length = pread(fd, note, size - 1, 0);
  note[length > 0 ? length : 0] = 0;
  char *end = strchr(note, '\n');
  if (end) *end = 0;
}

/* The holder's runtime is gone: its host program is tidying up and lets go soon. */
static int holder_is_dying(const char *note) {
  int pid = 0;
  unsigned long long start = 0;
  if (sscanf(note, "%d %llu", &pid, &start) != 2 || pid <= 0) return 0;
  return host_start_time(pid) != start;
}

int host_lock(const char *path, char *note, size_t size) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    snprintf(note, size, "%s: %s", path, strerror(errno));
    return -2;
  }
  uint64_t until = host_now_ms() + PATIENCE_MS;
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    read_note(fd, note, size);
    if (errno != EWOULDBLOCK && errno != EINTR) {
      snprintf(note, size, "%s: %s", path, strerror(errno));
      return -2;
    }
    if (!holder_is_dying(note) || host_now_ms() > until) return -1;
    nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
  }
  write_note(fd);
  return 0;
}
