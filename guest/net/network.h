#ifndef BOXLITE_NETWORK_H
#define BOXLITE_NETWORK_H

/* `boxlite-guest network ...`, a listening unix socket on fd 3. Returns once the network is there. */
int network_main(int argc, char **argv);

/* `boxlite-guest apart PROGRAM ...` becomes that program, in a mount namespace of its own in which /proc/sys/net is empty. */
int apart_main(int argc, char **argv);

#endif
