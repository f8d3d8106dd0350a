/* One program, six roles: PID 1 of a box, the first process of a virtual machine, the helper beside the runtime, what
   starts a program in that helper's namespaces, what copies and packs disks, the network of a box, and what an engine that
   reads too much of the host is started by. */
#include <stdio.h>
#include <string.h>

int guest_main(int argc, char **argv);
int disk_main(int argc, char **argv);
int microvm_main(int argc, char **argv);
int network_main(int argc, char **argv);
int apart_main(int argc, char **argv);
__attribute__((weak)) int host_main(int argc, char **argv);
__attribute__((weak)) int enter_main(int argc, char **argv);

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "guest") == 0)
		return guest_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "microvm") == 0)
		return microvm_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "host") == 0 && host_main)
		return host_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "enter") == 0 && enter_main)
		return enter_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "disk") == 0)
		return disk_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "network") == 0)
		return network_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "apart") == 0)
		return apart_main(argc, argv);
	fprintf(stderr, "usage: boxlite-guest guest (--fd N | --listen PATH) [--attached]\n       boxlite-guest microvm ...\n       boxlite-guest host ...\n       boxlite-guest enter ...\n       boxlite-guest disk ...\n       boxlite-guest network ...\n       boxlite-guest apart ...\n");
	return 2;
}
