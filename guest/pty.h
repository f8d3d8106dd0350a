#ifndef BOXLITE_PTY_H
#define BOXLITE_PTY_H
#include <stdint.h>
#include <sys/types.h>

/* Opens a terminal pair, close-on-exec, the master non-blocking; 0 or an errno. Zero sizes mean 80 by 24. */
int pty_open(uint16_t cols, uint16_t rows, uid_t owner, int *master, int *slave);
#endif
