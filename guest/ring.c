#include "ring.h"
#include <sys/mman.h>

#define KEPT (64u << 10)
/* How many rings are kept for the next commands, and how many of these may have pages that were written to. */
#define SPARE_MAX 64
#define SPARE_WRITTEN 8

static struct {
	uint8_t *bytes;
	uint32_t high;
} spare[SPARE_MAX];
static int spares;

bool ring_full(const struct ring *ring)
{
	return ring->used == ring->size;
}

uint8_t *ring_space(struct ring *ring, size_t *length)
{
	if (!ring->bytes) {
		if (spares) {
			ring->bytes = spare[--spares].bytes;
			ring->high = spare[spares].high;
		} else {
			void *p = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (p == MAP_FAILED)
				return NULL;
			ring->bytes = p;
		}
	}
	if (ring_full(ring))
		return NULL;
	uint32_t tail = (ring->head + ring->used) % ring->size;
	*length = tail < ring->head ? ring->head - tail : ring->size - tail;
	return ring->bytes + tail;
}

void ring_grow(struct ring *ring, size_t length)
{
	uint32_t end = (uint32_t)((ring->head + ring->used) % ring->size + length);
	ring->used += (uint32_t)length;
	if (end > ring->high)
		ring->high = end;
}

const uint8_t *ring_peek(const struct ring *ring, size_t skip, size_t *length)
{
	uint32_t at = (uint32_t)((ring->head + skip) % ring->size);
	size_t rest = ring->used - skip;
	*length = rest < ring->size - at ? rest : ring->size - at;
	return ring->bytes + at;
}

void ring_drop(struct ring *ring, size_t length)
{
	ring->used -= (uint32_t)length;
	ring->head = ring->used ? (uint32_t)((ring->head + length) % ring->size) : 0;
}

void ring_trim(struct ring *ring)
{
	if (ring->bytes && !ring->used && ring->high > KEPT) {
		madvise(ring->bytes + KEPT, RING_SIZE - KEPT, MADV_DONTNEED);
		ring->high = KEPT;
	}
}

void ring_free(struct ring *ring)
{
	if (!ring->bytes)
		return;
	ring->used = 0;
	ring_trim(ring);
	if (spares >= SPARE_WRITTEN && ring->high) {
		madvise(ring->bytes, KEPT, MADV_DONTNEED);
		ring->high = 0;
	}
	if (spares < SPARE_MAX) {
		spare[spares].bytes = ring->bytes;
		spare[spares++].high = ring->high;
	} else {
		munmap(ring->bytes, RING_SIZE);
	}
	*ring = (struct ring){ .size = ring->size };
}
