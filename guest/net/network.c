#include "internal.h"

#include "network.h"

#include "../abandoned.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Exit statuses: the runtime tells them apart. */
enum { FAILED = 1, USAGE = 2, TAKEN = 3 };
enum { TICK_MS = 250, SPARE_DESCRIPTORS = 1024 };

static _Noreturn void fail(int status, const char *what, const char *on, int error) {
  fprintf(stderr, "%s%s%s: %s\n", what, on ? " " : "", on ? on : "", strerror(error));
  fflush(stderr);
  _exit(status);
}

static void limit_relays(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max < 16384 ? limit.rlim_max : 16384;
  setrlimit(RLIMIT_NOFILE, &limit);
  unsigned all = limit.rlim_cur > 16384 ? 16384 : (unsigned)limit.rlim_cur;
  relay_limit(all > 2 * SPARE_DESCRIPTORS ? (all - SPARE_DESCRIPTORS) / 2 : all / 4);
}

/* Its answers are read where they are asked for; here only its end counts. */
static void keeper_gone(struct watch *watch, uint32_t events) {
  (void)watch;
  if (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) _exit(1);
}

struct options {
  const char *resolv_conf, *socket;
  bool attached, own_stack, later;
};

static void parse(int argc, char **argv, struct options *options) {
  for (int i = 2; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--attached") == 0) {
      options->attached = true;
      continue;
    }
    if (strcmp(argv[i], "--own-stack") == 0) {
      options->own_stack = true;
      continue;
    }
    if (strcmp(argv[i], "--later") == 0) {
      options->later = true;
      continue;
    }
    if (strcmp(argv[i], "--listed") == 0) {
      rules.listed = true;
      continue;
    }
    if (!value) fail(USAGE, "network", argv[i], EINVAL);
    i++;
    if (strcmp(argv[i - 1], "--resolv-conf") == 0) options->resolv_conf = value;
    else if (strcmp(argv[i - 1], "--socket") == 0) options->socket = value;
    else if (strcmp(argv[i - 1], "--allow") == 0) {
      if (!rules_add(&rules, value)) fail(USAGE, "rule", value, EINVAL);
    } else if (strcmp(argv[i - 1], "--publish") == 0) {
      if (publish_listen(value) != 0) fail(errno == EADDRINUSE ? TAKEN : FAILED, "publish", value, errno);
    } else {
      fail(USAGE, "network", argv[i - 1], EINVAL);
    }
  }
}

/* The box's side is there: carries from now on. */
static void begin(void) {
  static struct watch keeper;
  keeper = (struct watch){keeper_gone, inside.channel, 0};
  watch_set(&keeper, EPOLLRDHUP | EPOLLET);
  outbound_open();
  publish_start();
}

static const char *join(const char *path) {
  static char failure[160];
  const char *step = "";
  if (inside_open(&inside, path, &step) != 0) {
    snprintf(failure, sizeof failure, "%s: %s", step, strerror(errno));
    return failure;
  }
  begin();
  privilege_drop(false);
  return NULL;
}

static _Noreturn void run(const struct options *options) {
  const char *step = "";
  setsid();
  if (chdir("/") != 0) _exit(1);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  prctl(PR_SET_NAME, "boxlite-network");
  if (inside_start(&inside, options->own_stack, &step) != 0) fail(FAILED, step, NULL, errno);
  if (!options->later && inside_open(&inside, NULL, &step) != 0) fail(FAILED, step, NULL, errno);
  if (netlink_open() != 0) fail(FAILED, "open netlink", NULL, errno);
  limit_relays();
  loop_open();
  resolver_open(options->resolv_conf); /* reads it while it certainly can */
  if (!options->later) begin();
  control_open(options->attached, options->later ? join : NULL);
  if (options->socket) abandoned_watch(options->socket);
  /* Only now the parent's pipe ends with success. */
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (write(1, "ready\n", 6) != 6) _exit(1);
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  if (null > 2) close(null);
  if (!options->later) privilege_drop(false);
  for (;;) {
    uint64_t now = now_ms();
    bool again = relay_tick(now);
    again |= resolver_tick(now);
    again |= flow_tick(now);
    again |= control_tick(now);
    uint64_t look_at = 0;
    if (!control_owned() && abandoned(now, &look_at)) _exit(0);
    loop_turn(again ? TICK_MS : look_at ? ABANDONED_LOOK_MS : -1);
  }
}

int network_main(int argc, char **argv) {
  struct options options = {"/etc/resolv.conf", NULL, false, false, false};
  struct stat entry;
  int ends[2];
  char line[8];
  if (fstat(NET_CONTROL, &entry) != 0 || !S_ISSOCK(entry.st_mode)) {
    fprintf(stderr, "usage: boxlite-guest network [--attached] [--listed] [--allow RULE]... [--publish PORT]... "
                    "[--resolv-conf PATH] [--socket PATH] [--later] [--own-stack], with a listening socket on descriptor 3\n");
    return USAGE;
  }
  for (int fd = NET_CONTROL + 1; fd < 256; fd++) close(fd);
  fcntl(NET_CONTROL, F_SETFD, FD_CLOEXEC);
  fcntl(NET_CONTROL, F_SETFL, O_NONBLOCK);
  parse(argc, argv, &options);
  if (pipe2(ends, O_CLOEXEC) != 0) fail(FAILED, "make a pipe", NULL, errno);
  pid_t pid = fork();
  if (pid < 0) fail(FAILED, "fork", NULL, errno);
  if (pid == 0) {
    close(ends[0]);
    dup2(ends[1], 1);
    close(ends[1]);
    run(&options);
  }
  close(ends[1]);
  /* A child that fails says why on the same stderr. */
  return read(ends[0], line, sizeof line) == 6 ? 0 : FAILED;
}
