/* The builtins for one file or directory: run as the tar builtins are, in a forked child of the guest. */
#ifndef BOXLITE_FILE_H
#define BOXLITE_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* argv: file-read PATH OFFSET LENGTH | file-write PATH MODE OVERWRITE | file-list PATH | file-stat PATH FOLLOW |
   file-remove PATH RECURSIVE | file-mkdir PATH PARENTS MODE. The exit code, or a failure as tar_fail tells it. */
int file_builtin(char **argv);
int file_read(const char *path, const char *offset, const char *length);
int file_write(char *path, const char *mode, bool overwrite);
int file_remove(char *path, bool recursive);

/* Opens a path, through symlinks but through none of the kernel's own in /proc, which lead to a process's files. */
int file_open(int directory, const char *path, int flags);
/* Opens the directory that holds a path's last component, which is neither empty nor a dot; `made`: with what is missing. */
int file_open_parent(char *path, const char **last, bool made);
/* Whether a path ends with a slash, and so names a directory or nothing. */
bool file_names_directory(const char *path);
/* Says that a path with a slash at its end names no file. */
_Noreturn void file_refuse_slash(const char *path);
/* The failure of a call on a path: by errno. */
_Noreturn void file_fail(const char *doing, const char *path);
/* What a mode says a file is, in words. */
const char *file_kind(mode_t mode);

/* Writes to stdout: what a file is as `TYPE MODE SIZE SECONDS NANOSECONDS UID GID`, its name and where a link leads, each
   with a NUL after it. TYPE is f, d, l, p, s, c or b; MODE is octal; times are those of the last change of content. */
void file_tell(int directory, const char *at, const char *name, const struct stat *st);
void file_put(const void *bytes, size_t length);
void file_flush(void);
#endif
