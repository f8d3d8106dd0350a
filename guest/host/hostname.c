#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In a child of its own, which stays in the namespace: the process is the one that was meant if its start time is still
   the same once the namespace is open. */
int host_set_hostname(struct host_reader *reader, struct host_fault *fault) {
  pid_t pid = (pid_t)host_u32(reader);
  uint64_t start = host_u64(reader);
  char *name = host_string(reader), path[64];
  int outcome = 0, namespace = -1;
  if (!host_finished(reader) || pid <= 1) outcome = host_fail(fault, EINVAL, "set the hostname", "of a malformed request");
  else {
    snprintf(path, sizeof path, "/proc/%d/ns/uts", pid);
    namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0) outcome = host_fail(fault, errno, "set the hostname, open", path);
    else if (host_start_time(pid) != start) outcome = host_fail(fault, ESRCH, "set the hostname, open", path);
    else if (setns(namespace, CLONE_NEWUTS) != 0) outcome = host_fail(fault, errno, "set the hostname, enter", path);
    else if (sethostname(name, strlen(name)) != 0) outcome = host_fail(fault, errno, "set the hostname", name);
  }
  if (namespace >= 0) close(namespace);
  free(name);
  return outcome;
}
