#ifndef BOXLITE_NETWORK_H
#define BOXLITE_NETWORK_H

/* `boxlite-guest network ...`, a listening unix socket on fd 3. Returns once the network is there. */
int network_main(int argc, char **argv);

#endif
