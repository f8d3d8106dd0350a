/* The builtins that move files: run in a forked child of the guest, on stdin and stdout. */
#ifndef BOXLITE_TAR_H
#define BOXLITE_TAR_H

/* argv: tar-in PATH OVERWRITE | tar-out PATH FOLLOW. The exit code. */
int tar_builtin(char **argv);
int tar_in(const char *destination, int overwrite);
int tar_out(const char *path, int follow);
/* One line `CODE message` on stderr, then exit 1. */
_Noreturn void tar_fail(const char *code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a failed system call: the code follows from errno. */
_Noreturn void tar_fail_errno(const char *doing, const char *name);
/* Called before the exit of a failure. */
extern void (*tar_clean_up)(void);
#endif
