#ifndef BOXLITE_MICROVM_H
#define BOXLITE_MICROVM_H

/* The first process of a virtual machine: makes a box of it, runs the guest in it, and turns it off after the guest. */
int microvm_main(int argc, char **argv);
#endif
