/* One entry of an archive becomes a file. */
#ifndef BOXLITE_TAR_ENTRY_H
#define BOXLITE_TAR_ENTRY_H
#include "tar_header.h"

/* Writes the entry's data and attributes to an open file. */
void entry_write(int fd, const struct tar_entry *entry);
/* Makes the entry below the destination; its name is clean already. */
void entry_unpack(const struct tar_entry *entry, int overwrite);
/* The destination itself was made for this archive, and gets the attributes of its `./`. */
void entry_owns_root(void);
/* Sets the attributes of directories that are complete: those that do not hold `name`; "" for all. */
void entry_finish_directories(const char *name);
#endif
