#ifndef BOXLITE_DISK_H
#define BOXLITE_DISK_H

/* `boxlite-guest disk copy|pack|unpack|swap|sync ...`; PROTOCOL.md. Returns the exit status. */
int disk_main(int argc, char **argv);

#endif
