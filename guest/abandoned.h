/* Whether the folder that a box lies in has been deleted: nobody will ever take such a box up again. */
#ifndef BOXLITE_ABANDONED_H
#define BOXLITE_ABANDONED_H
#include <stdbool.h>
#include <stdint.h>

enum { ABANDONED_LOOK_MS = 1000 };

/* A file of that folder, bound or open here under this path; where there is none, it is never gone. */
void abandoned_watch(const char *path);
/* The same for a kernel that tells only by the path that a file has been deleted outside. */
void abandoned_watch_path(const char *path);
/* Whether it has been deleted since. Looks every ABANDONED_LOOK_MS; `next` is when to ask again, 0: never. */
bool abandoned(uint64_t now, uint64_t *next);
#endif
