/* One command in the box: its process, its streams, its end. */
#ifndef BOXLITE_EXECUTION_H
#define BOXLITE_EXECUTION_H
#include "loop.h"
#include "ring.h"
#include "tree.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum { TAG_MAX = 64, EXECUTIONS_MAX = 2048, INPUT_SIZE = 256 << 10, TURN = 64 << 10 };

/* Most bytes of one read and of one frame of output: whole pages, so that what is read next lies in its page as it does in
   the program's pipe. Some bytes further on, the processor copies at a quarter of its speed or less. */
enum { OUTPUT_MAX = 252 << 10 };

struct execution;

/* stdout or stderr: read from the program into the ring, kept there until acknowledged. */
struct output {
	struct watch watch;
	int writer; /* the program's end, held until the main process has ended: its end wakes the guest once, not per pipe */
	struct execution *owner; /* NULL: the execution is over, what comes is dropped */
	uint8_t type;            /* the frame's type */
	bool dropping, queued; /* dropping: what is read is thrown away, counted where it was asked for */
	bool cut;              /* the execution ends without waiting for what may still come */
	bool hung; /* a terminal that nobody has open now: looked at again later, since closing it here would hang it up */
	struct ring ring;
	uint64_t base, sent, end;
	uint32_t owed; /* after the exit: how much may still have been in the pipe at that moment */
	uint64_t last_read_ms;
	struct output *next, *before; /* in the queue of outputs with something to send */
};

/* stdin: from the peer into a buffer, from there to the program. */
struct input {
	struct watch watch;
	struct execution *owner;
	uint8_t *buffer; /* INPUT_SIZE, mapped on first use */
	uint32_t head, used;
	uint64_t taken, credited; /* bytes taken from the peer, and how many of those it was told the program has */
	bool ending, closed, terminal, unwatched;
	uint8_t last;
};

struct execution {
	uint32_t id;
	char tag[TAG_MAX + 1];
	pid_t pid;
	uint64_t start_ticks;
	int marker;
	bool fresh; /* just started, as all before it in the list: its output is not watched yet, and need not be where it ends at once */
	bool terminal, builtin, attached, exited, finished, exit_sent, discarding, timed_out, out_of_memory, tree_pending;
	int status;
	struct rusage usage;
	uint64_t started_us, duration_us, exited_ms, oom_before;
	uint64_t timeout_at, kill_at, retry_at, watch_input_at; /* ms; 0: none */
	struct process_set tree;      /* what the timeout's TERM went to */
	struct input input;
	struct output *out[2];
	struct execution *next, *before, *next_id, *next_pid;
};

extern struct execution *executions;
extern int execution_count;

struct execution *execution_find(uint32_t id);
struct execution *execution_add(uint32_t id);
void execution_hash_pid(struct execution *execution);
/* Takes it out of every list and frees it; its open pipes go on being read and dropped. */
void execution_forget(struct execution *execution);
/* From now on the output of all is watched. */
void executions_watch(void);
/* A child has ended: the main process, or somebody's orphan. */
void execution_exited(pid_t pid, int status, const struct rusage *usage);
/* Call after the last of a round of execution_exited: an orphan may have been the last of a timed-out tree. */
void executions_reaped(void);
/* Goes to the end as soon as everything was read and sent. Call after anything that may bring that about. */
void execution_settle(struct execution *execution);
/* KILL to everything that belongs to it. */
void execution_kill(struct execution *execution);
/* Does what is due and gives the next time something will be, in ms; 0: nothing. */
uint64_t executions_tick(uint64_t now);
/* No execution belongs to the connection any more. */
void executions_detach(void);
/* Something changed that executions_tick must look at. */
extern bool timers_changed;

/* Takes both ends of the pipe; writer is -1 for a terminal. */
struct output *output_open(struct execution *owner, int fd, int writer, uint8_t type);
/* The main process has ended: the stream ends when nobody else holds it. */
void output_let_go(struct output *output);
/* Reads on where there is room, stops where there is none. */
void output_watch(struct output *output);
/* Reads what there is now; afterwards it is known whether it still owes anything. */
void output_probe(struct output *output);
/* A hung terminal is read again. */
void output_retry(struct output *output);
/* Queues it for sending where there is something to send. */
void output_schedule(struct output *output);
void output_unschedule(struct output *output);
/* The next output with something to send, taken off the queue. */
struct output *output_next(void);
void output_return(struct output *output);
/* All that waits to be sent is the first output of its execution, at most `most` bytes each. */
bool outputs_fresh(uint64_t most);
bool output_acknowledge(struct output *output, uint64_t offset);
void output_discard(struct output *output);
void output_release(struct output *output);
/* The header of a frame with `length` of its bytes from the next unsent one on; FRAME_HEADER + 8 bytes. */
uint8_t *output_header(uint8_t *header, const struct output *output, size_t length);
/* Gives back the memory of rings that were large and are empty; true while some are left to look at. */
void outputs_trim(void);

/* Whether anyone reads is looked at from input_watch on: a program that soon ends takes no wake of the guest for it. */
void input_open(struct execution *owner, int fd, bool terminal);
void input_watch(struct input *input);
/* False: the peer broke the rules. */
bool input_write(struct input *input, uint64_t offset, const uint8_t *bytes, size_t length);
bool input_end(struct input *input, uint64_t offset);
void input_close(struct input *input, bool tell);
#endif
