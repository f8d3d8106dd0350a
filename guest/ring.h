/* A byte ring, mapped on first use: within the 1 MiB that PROTOCOL.md allows, and a whole number of the longest frames
   (OUTPUT_MAX), so that a flood is cut into nothing but these. It starts over at its beginning whenever it is empty, so
   that small outputs touch one page. */
#ifndef BOXLITE_RING_H
#define BOXLITE_RING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_SIZE (4u * (252u << 10))
/* Of transfers: their output goes into no log, and waits in the runtime's memory while its client does not read. */
#define RING_SIZE_SMALL (2u * (252u << 10))

struct ring {
	uint8_t *bytes;
	uint32_t head, used, high; /* high: how far the memory was touched since it was last given back */
	uint32_t size; /* set once, before the first use: at most RING_SIZE */
};

bool ring_full(const struct ring *ring);
/* The contiguous free part after the last byte; NULL when full or out of memory. */
uint8_t *ring_space(struct ring *ring, size_t *length);
void ring_grow(struct ring *ring, size_t length);
/* The contiguous part from `skip` bytes after the first on. */
const uint8_t *ring_peek(const struct ring *ring, size_t skip, size_t *length);
void ring_drop(struct ring *ring, size_t length);
/* Gives the memory of an empty ring back to the system, but for its first pages. */
void ring_trim(struct ring *ring);
void ring_free(struct ring *ring);
#endif
