#define _GNU_SOURCE
#include "connection.h"
#include "execution.h"
#include <sys/wait.h>

enum { VERSION = 1 };

void connection_send_hello(uint64_t boot_id)
{
	size_t mark = frame_begin(connection_out(), 0, HELLO);
	put_u32(connection_out(), VERSION);
	put_u64(connection_out(), boot_id);
	frame_end(connection_out(), mark);
}

void connection_send_exit(const struct execution *e)
{
	bool signalled = WIFSIGNALED(e->status);
	uint32_t signal = signalled ? (uint32_t)WTERMSIG(e->status) : 0;
	size_t mark = frame_begin(connection_out(), e->id, EXIT);
	put_u32(connection_out(), signalled ? 128 + signal : (uint32_t)WEXITSTATUS(e->status));
	put_u32(connection_out(), signal);
	put_u8(connection_out(), (uint8_t)((e->timed_out ? 1 : 0) | (e->out_of_memory ? 2 : 0)));
	put_u64(connection_out(), e->out[0] ? e->out[0]->end : 0);
	put_u64(connection_out(), e->out[1] ? e->out[1]->end : 0);
	put_u64(connection_out(), e->duration_us);
	put_u64(connection_out(), (uint64_t)e->usage.ru_utime.tv_sec * 1000000 + (uint64_t)e->usage.ru_utime.tv_usec);
	put_u64(connection_out(), (uint64_t)e->usage.ru_stime.tv_sec * 1000000 + (uint64_t)e->usage.ru_stime.tv_usec);
	put_u64(connection_out(), (uint64_t)e->usage.ru_maxrss * 1024);
	frame_end(connection_out(), mark);
}

void connection_send_credit(const struct execution *e, uint64_t offset)
{
	if (!e->attached)
		return;
	size_t mark = frame_begin(connection_out(), e->id, STDIN_CREDIT);
	put_u64(connection_out(), offset);
	frame_end(connection_out(), mark);
}

void connection_send_stdin_closed(const struct execution *e)
{
	if (e->attached && !e->exited)
		frame_end(connection_out(), frame_begin(connection_out(), e->id, STDIN_CLOSED));
}

void connection_send_refused(uint32_t execution, uint8_t type, const char *message)
{
	size_t mark = frame_begin(connection_out(), execution, REFUSED);
	put_u8(connection_out(), type);
	put_string(connection_out(), message);
	frame_end(connection_out(), mark);
}
