#ifndef BOXLITE_GUEST_H
#define BOXLITE_GUEST_H
#include <stdbool.h>
#include <stdint.h>

int guest_main(int argc, char **argv);
/* The guest of a virtual machine, at a port of its instead of a socket; returns when the box is to end. */
void guest_at_port(int directory, const char *name, bool ends_with_it, uint64_t of_programs);
/* TERM to every process but this one, KILL after grace_ms or as soon as none is left, then the guest exits 0. */
void guest_shut_down(uint32_t grace_ms);
#endif
