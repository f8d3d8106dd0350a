#ifndef BOXLITE_GUEST_H
#define BOXLITE_GUEST_H
#include <stdint.h>

int guest_main(int argc, char **argv);
/* TERM to every process but this one, KILL after grace_ms or as soon as none is left, then the guest exits 0. */
void guest_shut_down(uint32_t grace_ms);
#endif
