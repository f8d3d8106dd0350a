#ifndef BOXLITE_MICROVM_ROOT_H
#define BOXLITE_MICROVM_ROOT_H

#define MICROVM_PORT "vport0p1"

/* Makes the root directory of the box out of the image's disk and the box's own, and moves into it. A descriptor of the
   directory with all devices of the machine, which the box does not see. */
int microvm_root(const char *hostname);
/* In the box's process namespace: its own /proc. */
void microvm_enter_proc(void);
/* What of /proc says or sets something about the machine is read-only or empty from now on. */
void microvm_protect_proc(void);

/* Says what cannot be done (errno), and turns the machine off. */
_Noreturn void microvm_fail(const char *what, const char *which);
#endif
