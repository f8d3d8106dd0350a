/* Places below the destination of an archive. Nothing here ever leaves it, whatever symlinks lie on the way. */
#ifndef BOXLITE_TAR_PLACE_H
#define BOXLITE_TAR_PLACE_H
#include <stdbool.h>

/* Sets the destination: a directory that exists. */
void place_root(const char *path);
int place_root_fd(void);
/* Cleans a name of the archive in place: no leading slashes, no `.`, no doubled slashes; `..` is refused.
   Empty: the destination itself. */
void place_clean(char *name);
/* The directory that holds a clean, non-empty name, missing ones made; good until the next call. */
int place_parent(const char *name, const char **last);
/* A clean name leads to a directory below the destination, symlinks followed. */
bool place_is_directory(const char *name);
/* Makes a directory and those above it, symlinks followed; not below the destination but anywhere. */
void place_make(const char *path);
#endif
