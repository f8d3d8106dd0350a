#ifndef BOXLITE_OOM_H
#define BOXLITE_OOM_H
#include <stdint.h>

/* How many processes of the box the kernel has killed for want of memory; 0 where the box cannot see it. */
uint64_t oom_kills(void);
/* Counts those of the whole machine from now on: where it is this box and nothing else. */
void oom_whole_machine(void);
#endif
