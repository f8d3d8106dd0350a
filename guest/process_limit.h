#ifndef BOXLITE_PROCESS_LIMIT_H
#define BOXLITE_PROCESS_LIMIT_H

#include <stdbool.h>

/* Where the kernel of the box is its own, so that no cgroup around it counts its processes: puts this one and all that it
   will start into a cgroup in there. Nothing in the box can lift the limit. Gives CAP_SYS_ADMIN up, which it needs. */
bool limit_processes(const char *most);

#endif
