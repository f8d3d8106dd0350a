#ifndef BOXLITE_HOST_H
#define BOXLITE_HOST_H

/* `boxlite-guest host --lock PATH`, its channel on fd 3. Returns the exit status. */
int host_main(int argc, char **argv);
int enter_main(int argc, char **argv);

#endif
