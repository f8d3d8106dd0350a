/* Runs a program in the namespaces of an ordinary user's host program, with this process's own descriptors. */
#include "host.h"

#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *what, const char *name) {
  fprintf(stderr, "%s %s: %s\n", what, name, strerror(errno));
  return 1;
}

int enter_main(int argc, char **argv) {
  static const struct {
    const char *name;
    int type;
  } kinds[] = {{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS}};
  int fds[2];
  if (argc < 4) {
    fprintf(stderr, "usage: boxlite-guest enter PID PROGRAM [ARGUMENT]...\n");
    return 1;
  }
  for (int i = 0; i < 2; i++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", atoi(argv[2]), kinds[i].name);
    fds[i] = open(path, O_RDONLY | O_CLOEXEC);
    if (fds[i] < 0) return fail("the host program has ended: open", path);
  }
  for (int i = 0; i < 2; i++)
    if (setns(fds[i], kinds[i].type) != 0) return fail("join the namespace", kinds[i].name);
  if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) return fail("become", "root of the namespace");
  if (chdir("/") != 0) return fail("change to", "/");
  execv(argv[3], argv + 3);
  return fail("start", argv[3]);
}
