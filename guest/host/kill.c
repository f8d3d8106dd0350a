#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#define SYS_pidfd_send_signal 424
#endif

enum { GONE = 0, ENDED = 1, RUNNING = 2 };

uint64_t host_start_time(pid_t pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return 0;
  text[length] = 0;
  char *at = strrchr(text, ')'); /* the name may hold anything, even ") " */
  if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X') return 0;
  at++;
  for (int field = 2; at && field < 21; field++) at = strchr(at + 1, ' ');
  return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* Signal 0 only waits. The process is pinned before its start time is compared: no other can take its place between. */
int host_kill(struct host_reader *reader, struct host_buffer *result, struct host_fault *fault) {
  pid_t pid = (pid_t)host_u32(reader);
  uint64_t start = host_u64(reader);
  uint32_t signal_number = host_u32(reader), wait_ms = host_u32(reader);
  if (!host_finished(reader) || pid <= 1) return host_fail(fault, EINVAL, "kill", "a malformed request");
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0 && errno != ESRCH && errno != EINVAL) return host_fail(fault, errno, "kill", "pidfd_open");
  if (fd < 0 || host_start_time(pid) != start) {
    if (fd >= 0) close(fd);
    host_append_u8(result, GONE);
    return 0;
  }
  if (signal_number != 0 && syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 0) != 0 && errno != ESRCH) {
    int error = errno;
    close(fd);
    return host_fail(fault, error, "kill", "pidfd_send_signal");
  }
  struct pollfd end = {.fd = fd, .events = POLLIN};
  int ended = poll(&end, 1, wait_ms > 0x7fffffff ? 0x7fffffff : (int)wait_ms) > 0;
  close(fd);
  host_append_u8(result, ended ? ENDED : RUNNING);
  return 0;
}
