/* The event loop's parts: watched descriptors, the clock, and memory that is freed after a round of events. */
#ifndef BOXLITE_LOOP_H
#define BOXLITE_LOOP_H
#include <stdint.h>
#include <sys/epoll.h>

struct watch {
	void (*ready)(struct watch *watch, uint32_t events);
	int fd;
	uint32_t events; /* 0: not watched at all, since epoll reports a hang-up whatever was asked for */
};

void loop_open(void);
/* One round: waits at most timeout_ms (-1: for ever) and calls what is ready. */
void loop_turn(int timeout_ms);
/* The same, but waits for at most so many microseconds. */
void loop_turn_us(uint32_t timeout_us);
void watch_set(struct watch *watch, uint32_t events);
void watch_close(struct watch *watch);
/* Frees p once no event of this round can name it. */
void free_later(void *p);
uint64_t now_us(void);
uint64_t now_ms(void);
#endif
