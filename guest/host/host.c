#include "internal.h"

#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LAST_CALL_MS = 10000, UNDO_AT_ONCE = 8, OUT_MAX = 8 * 1024 * 1024, HEAD = 9 };

static struct host_buffer in, out;
static int open_channel = 1;

static void end_channel(void) {
  if (!open_channel) return;
  open_channel = 0;
  in.used = out.used = 0;
  host_task_hurry(LAST_CALL_MS);
}

/* Takes whole frames off the front as long as there is room for what they start. */
static void take_frames(void) {
  size_t at = 0;
  while (open_channel && in.used - at >= HEAD && host_task_count() < HOST_TASKS_MAX && out.used < OUT_MAX) {
    struct host_reader head = {in.bytes + at, HEAD, 0};
    uint32_t length = host_u32(&head), id = host_u32(&head);
    uint8_t type = host_u8(&head);
    if (length > HOST_FRAME_MAX) {
      end_channel();
      return;
    }
    if (in.used - at - HEAD < length) break;
    host_task_start(id, type, (struct host_reader){in.bytes + at + HEAD, length, 0}, &out);
    at += HEAD + length;
  }
  if (!open_channel || at == 0) return;
  memmove(in.bytes, in.bytes + at, in.used - at);
  in.used -= at;
}

static void receive(void) {
  uint8_t bytes[65536];
  ssize_t length = recv(HOST_CHANNEL, bytes, sizeof bytes, MSG_DONTWAIT);
  if (length > 0) host_append(&in, bytes, (size_t)length);
  else if (length == 0 || (errno != EAGAIN && errno != EINTR)) end_channel();
}

static void transmit(void) {
  while (open_channel && out.used > 0) {
    ssize_t length = send(HOST_CHANNEL, out.bytes, out.used, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0) {
      end_channel();
      return;
    }
    memmove(out.bytes, out.bytes + length, out.used - (size_t)length);
    out.used -= (size_t)length;
  }
}

/* Blocked, taken by signalfd: the end of children. A terminal's ^C and a stop of the whole service leave this program to
   the end of its channel, so that it can still serve an orderly stop. */
static int take_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_SETMASK, &set, NULL);
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int answer_lock(const char *path, const struct host_rootless *rootless) {
  char note[1400];
  struct host_buffer payload = {0};
  struct host_fault fault;
  int outcome = host_lock(path, note, sizeof note);
  if (outcome == 0 && rootless->newuidmap && host_become_root(rootless, &fault) != 0) {
    outcome = -2;
    snprintf(note, sizeof note, "%s", fault.text);
  }
  host_append_u32(&payload, (uint32_t)getpid());
  if (outcome != 0) host_append_string(&payload, note, strlen(note));
  host_append_frame(&out, 0, outcome == 0 ? HOST_READY : outcome == -1 ? HOST_LOCKED : HOST_FAILED, payload.bytes,
                    payload.used);
  free(payload.bytes);
  transmit();
  return outcome;
}

static void serve(int signals) {
  struct pollfd polls[2 + HOST_POLLS_MAX];
  while (open_channel || host_task_count() > 0) {
    int room = in.used < 2 * HOST_FRAME_MAX && host_task_count() < HOST_TASKS_MAX && out.used < OUT_MAX;
    polls[0] = (struct pollfd){signals, POLLIN, 0};
    polls[1] = (struct pollfd){open_channel ? HOST_CHANNEL : -1,
                               (short)((room ? POLLIN : 0) | (out.used ? POLLOUT : 0)), 0};
    int used = 2 + host_task_polls(polls + 2);
    int ready = poll(polls, (nfds_t)used, host_task_expire());
    if (ready < 0) continue;
    if (polls[1].revents) {
      if (room) receive();
      else if (polls[1].revents & (POLLHUP | POLLERR)) end_channel();
    }
    host_task_read();
    if (polls[0].revents) {
      struct signalfd_siginfo info;
      while (read(signals, &info, sizeof info) > 0) continue;
      host_task_reap(&out);
    }
    take_frames();
    transmit();
  }
}

static void undo_everything(int signals) {
  for (int more = 1; more || host_task_count() > 0;) {
    while (more && host_task_count() < UNDO_AT_ONCE) more = host_task_undo();
    struct pollfd poll_signals = {signals, POLLIN, 0};
    if (host_task_count() > 0) poll(&poll_signals, 1, host_task_expire());
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) > 0) continue;
    host_task_reap(&out);
  }
}

static const char *parse(int argc, char **argv, struct host_rootless *rootless) {
  const char *lock = NULL;
  for (int i = 2; i + 1 < argc; i += 2) {
    const char *name = argv[i], *value = argv[i + 1];
    if (strcmp(name, "--lock") == 0) lock = value;
    else if (strcmp(name, "--newuidmap") == 0) rootless->newuidmap = value;
    else if (strcmp(name, "--newgidmap") == 0) rootless->newgidmap = value;
    else if (strcmp(name, "--users") == 0) rootless->first_user = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--groups") == 0) rootless->first_group = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--ids") == 0) rootless->count = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--mounts") == 0) rootless->mounts = value;
    else if (strcmp(name, "--namespace") == 0) rootless->namespace = value;
  }
  return lock;
}

int host_main(int argc, char **argv) {
  static struct host_rootless rootless;
  const char *lock = parse(argc, argv, &rootless);
  struct stat entry;
  if (!lock || fstat(HOST_CHANNEL, &entry) != 0 || !S_ISSOCK(entry.st_mode)) {
    static const char usage[] = "usage: boxlite-guest host --lock PATH, with a socket on descriptor 3\n";
    return write(2, usage, sizeof usage - 1) < 0 ? 1 : 2;
  }
  host_close_from(HOST_CHANNEL + 1);
  fcntl(HOST_CHANNEL, F_SETFD, FD_CLOEXEC);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  if (null > HOST_CHANNEL) close(null);
  umask(077);
  prctl(PR_SET_NAME, "boxlite-host");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return 1;
  int outcome = answer_lock(lock, &rootless);
  if (outcome != 0) return 1;
  setsid();
  if (chdir("/") != 0) return 1;
  int signals = take_signals();
  if (signals < 0) return 1;
  serve(signals);
  undo_everything(signals);
  return 0;
}
