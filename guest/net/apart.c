#define _GNU_SOURCE
#include "network.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* runsc of 2023 and before takes every network namespace for the host's where it finds a sysctl in it that newer kernels show
   in each, and refuses to start. Newer releases do not mind; so where it cannot be hidden, they start all the same. */
int apart_main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: boxlite-guest apart PROGRAM [ARGUMENT]...\n");
    return 2;
  }
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("none", "/proc/sys/net", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k") != 0)
    fprintf(stderr, "hide /proc/sys/net: %s\n", strerror(errno));
  execv(argv[2], argv + 2);
  fprintf(stderr, "start %s: %s\n", argv[2], strerror(errno));
  return 127;
}
