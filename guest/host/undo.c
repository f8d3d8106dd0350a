#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

struct undo {
  struct undo *next;
  char *key;
  uint8_t *actions;
  size_t length;
};

static struct undo *first;

void host_undo_clear(const char *key) {
  for (struct undo **link = &first; *link; link = &(*link)->next) {
    struct undo *undo = *link;
    if (strcmp(undo->key, key) != 0) continue;
    *link = undo->next;
    free(undo->key);
    free(undo->actions);
    free(undo);
    return;
  }
}

void host_undo_set(const char *key, const uint8_t *actions, size_t length) {
  host_undo_clear(key);
  struct undo *undo = host_allocate(sizeof *undo);
  undo->key = strdup(key);
  undo->actions = host_allocate(length);
  if (!undo->key) _exit(70);
  memcpy(undo->actions, actions, length);
  undo->length = length;
  undo->next = first;
  first = undo;
}

int host_undo_take(uint8_t **actions, size_t *length) {
  struct undo *undo = first;
  if (!undo) return 0;
  first = undo->next;
  *actions = undo->actions;
  *length = undo->length;
  free(undo->key);
  free(undo);
  return 1;
}

int host_undo_valid(struct host_reader actions) {
  uint32_t count = host_u32(&actions);
  for (uint32_t i = 0; i < count && !actions.bad; i++) {
    uint8_t type = host_u8(&actions);
    struct host_reader payload = host_bytes(&actions);
    if (type < HOST_SPAWN || type > HOST_KILL) return 0;
    if (type == HOST_SPAWN) {
      struct host_command command;
      int valid = host_read_command(&payload, &command);
      host_free_command(&command);
      if (!valid) return 0;
    }
  }
  return host_finished(&actions);
}

static void spawn_and_wait(struct host_reader *payload) {
  struct host_command command;
  const char *step;
  pid_t pid = -1;
  if (host_read_command(payload, &command) && host_start(&command, -1, -1, &pid, &step) == 0) {
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    int limit = command.timeout_ms ? (int)command.timeout_ms : 10000;
    if (end.fd >= 0 && poll(&end, 1, limit) == 0) kill(-pid, SIGKILL);
    if (end.fd >= 0) close(end.fd);
  }
  if (pid > 0)
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  host_free_command(&command);
}

void host_undo_run(const uint8_t *actions, size_t length) {
  struct host_reader reader = {actions, length, 0};
  uint32_t count = host_u32(&reader);
  for (uint32_t i = 0; i < count && !reader.bad; i++) {
    uint8_t type = host_u8(&reader);
    struct host_reader payload = host_bytes(&reader);
    struct host_buffer result = {0};
    struct host_fault fault = {0};
    if (type == HOST_SPAWN) spawn_and_wait(&payload);
    else host_operate(type, &payload, &result, &fault);
    free(result.bytes);
  }
}
