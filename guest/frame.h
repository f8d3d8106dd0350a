/* Frames as bytes: reading payloads, building frames. PROTOCOL.md is the list. */
#ifndef BOXLITE_FRAME_H
#define BOXLITE_FRAME_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_HEADER = 9,
	PAYLOAD_MAX = 256 << 10,
	EXEC_MAX = 1 << 20,
};

enum {
	EXEC = 1, STDIN, STDIN_EOF, SIGNAL, RESIZE, ACK, EXIT_ACK, ATTACH, LIST, PING, OUTPUT_DISCARD, SHUTDOWN,
	HELLO = 65, STARTED, FAILED, STDOUT, STDERR, STDIN_CREDIT, STDIN_CLOSED, EXIT, LISTED, PONG, REFUSED,
};

/* A payload being read; `bad` once something was missing. */
struct reader {
	const uint8_t *at, *end;
	bool bad;
};
uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
const uint8_t *read_bytes(struct reader *reader, size_t length);
/* All of it was read, and nothing was missing. */
bool read_done(const struct reader *reader);

/* Growing bytes. */
struct bytes {
	uint8_t *at;
	size_t length, capacity;
};
void put(struct bytes *bytes, const void *data, size_t length);
void put_u8(struct bytes *bytes, uint8_t value);
void put_u32(struct bytes *bytes, uint32_t value);
void put_u64(struct bytes *bytes, uint64_t value);
void put_string(struct bytes *bytes, const char *text);
/* Opens a frame and gives the mark that frame_end needs to fill in its length. */
size_t frame_begin(struct bytes *bytes, uint32_t execution, uint8_t type);
void frame_end(struct bytes *bytes, size_t mark);
/* Writes a header of FRAME_HEADER bytes. */
void frame_header(uint8_t *out, uint32_t length, uint32_t execution, uint8_t type);
#endif
