/* The 512 bytes before an entry, and what extended headers say about it. */
#ifndef BOXLITE_TAR_HEADER_H
#define BOXLITE_TAR_HEADER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK = 512, NAME_MAX_LENGTH = 4096, EXTENDED_MAX = 256 << 10, TAR_BUFFER = 512 << 10 };

struct tar_entry {
	char type; /* '0' file, '1' hard link, '2' symlink, '3' '4' devices, '5' directory, '6' fifo */
	char name[NAME_MAX_LENGTH], link[NAME_MAX_LENGTH];
	uint32_t mode, uid, gid, major, minor;
	uint64_t size;
	int64_t mtime;
	uint32_t mtime_ns;
};

/* tar_reader.c: stdin as an archive. Every fault of it ends in tar_fail. */
/* The next entry; false at the end of the archive. The entry before must have been read to its end. */
bool tar_next(struct tar_entry *entry);
/* The next bytes of the current entry; 0 at its end. */
size_t tar_data(const uint8_t **bytes);
void tar_skip_data(void);
/* Reads and drops whatever follows the archive. */
void tar_drain(void);

/* tar_writer.c: an archive to stdout. */
/* Its name, link, type and attributes; then exactly entry->size bytes follow by tar_room and tar_fill. */
void tar_begin(const struct tar_entry *entry);
uint8_t *tar_room(size_t *length);
void tar_fill(size_t length);
void tar_pad(uint64_t size);
void tar_finish(void);
/* False for the filesystems of the kernel, whose files are none. */
bool tar_holds_files(int fd);
#endif
