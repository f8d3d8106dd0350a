/* What the files of the host role share. PROTOCOL.md says what travels on the channel. */
#ifndef BOXLITE_HOST_INTERNAL_H
#define BOXLITE_HOST_INTERNAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  HOST_CHANNEL = 3,
  HOST_FRAME_MAX = 1024 * 1024,
  HOST_TAIL_MAX = 64 * 1024,
};

enum host_request {
  HOST_SPAWN = 1,
  HOST_MOUNT = 2,
  HOST_MOUNT_OVERLAY = 3,
  HOST_MOUNT_IMAGE = 4,
  HOST_UMOUNT = 5,
  HOST_REMOVE_TREE = 6,
  HOST_COPY_SPARSE = 7,
  HOST_KILL = 8,
  HOST_UNDO = 9,
  HOST_CLEAR_UNDO = 10,
  HOST_BIND_IDMAPPED = 11,
  HOST_SET_HOSTNAME = 12,
  HOST_FREEZE = 13,
  HOST_USAGE = 14,
  HOST_SEQUENCE = 15,
  HOST_MAKE_DIRECTORY = 16,
};

enum host_answer { HOST_READY = 64, HOST_LOCKED = 65, HOST_DONE = 66, HOST_FAILED = 67, HOST_EXITED = 68 };

/* Reads a payload; after the first value that does not fit, `bad` is set and everything is empty. */
struct host_reader {
  const uint8_t *at;
  size_t left;
  int bad;
};

uint8_t host_u8(struct host_reader *reader);
uint32_t host_u32(struct host_reader *reader);
uint64_t host_u64(struct host_reader *reader);
/* A slice of the payload, without a copy. */
struct host_reader host_bytes(struct host_reader *reader);
/* NUL-terminated copy, to be freed with free(); never null; a string with a NUL inside is bad. */
char *host_string(struct host_reader *reader);
/* Null-terminated list, to be freed with host_free_list(). */
char **host_list(struct host_reader *reader);
void host_free_list(char **list);
/* True when everything was read and all of it fitted. */
int host_finished(const struct host_reader *reader);

/* Bytes that grow. */
struct host_buffer {
  uint8_t *bytes;
  size_t used, room;
};

void host_append(struct host_buffer *buffer, const void *bytes, size_t length);
void host_append_u8(struct host_buffer *buffer, uint8_t value);
void host_append_u32(struct host_buffer *buffer, uint32_t value);
void host_append_string(struct host_buffer *buffer, const void *bytes, size_t length);
void host_append_frame(struct host_buffer *buffer, uint32_t id, uint8_t type, const void *payload, size_t length);

/* Out of memory ends the program: nothing half done goes on. */
void *host_allocate(size_t size);
uint64_t host_now_ms(void);
void host_close_from(int first);

/* What SPAWN asks for; owns its memory. */
struct host_command {
  char **argv, **env;
  char *cwd, *listen_path, *output_path;
  uint8_t capture;
  uint32_t timeout_ms;
};

int host_read_command(struct host_reader *reader, struct host_command *command);
void host_free_command(struct host_command *command);
/* Starts it in a session of its own, with stdin from /dev/null; out and err are -1 for /dev/null. 0, or an errno, with `step` naming what failed. */
int host_start(const struct host_command *command, int out, int err, pid_t *pid, const char **step);

/* The error of an operation: what failed, on what. */
struct host_fault {
  int number;
  char text[512];
};

int host_fail(struct host_fault *fault, int number, const char *what, const char *name);

/* Who 0, 1, 2... of a box are outside; a count of 0 is no mapping at all. */
struct host_ids {
  uint32_t first, count;
  int namespace;
};

int host_ids_open(struct host_ids *ids, struct host_fault *fault);
/* A detached copy of a directory's mount that shows its owners as these ids; -1 with `fault` set. */
int host_idmapped_tree(const char *path, const struct host_ids *ids, uint64_t attributes, int recursive,
                       struct host_fault *fault);
/* A detached copy of a mount as it is; -1 with errno set. */
int host_detached_copy(const char *path);
int host_attach_tree(int tree, const char *target);

/* One request that is not SPAWN, in a child of its own. 0, or -1 with `fault` set. */
int host_operate(uint8_t type, struct host_reader *reader, struct host_buffer *result, struct host_fault *fault);
int host_mount(struct host_reader *reader, struct host_fault *fault);
int host_mount_overlay(struct host_reader *reader, struct host_fault *fault);
int host_bind_idmapped(struct host_reader *reader, struct host_fault *fault);
int host_mount_image(struct host_reader *reader, struct host_fault *fault);
int host_make_directory(struct host_reader *reader, struct host_fault *fault);
int host_umount(struct host_reader *reader, struct host_fault *fault);
int host_remove_tree(const char *path, struct host_fault *fault);
int host_copy_sparse(struct host_reader *reader, struct host_fault *fault);
int host_kill(struct host_reader *reader, struct host_buffer *result, struct host_fault *fault);
int host_set_hostname(struct host_reader *reader, struct host_fault *fault);
int host_freeze(struct host_reader *reader, struct host_fault *fault);
int host_usage(struct host_reader *reader, struct host_buffer *result, struct host_fault *fault);
/* Start time of a process in clock ticks since boot; 0 when there is none (or only its zombie). */
uint64_t host_start_time(pid_t pid);

/* The undo actions of every key. */
void host_undo_set(const char *key, const uint8_t *actions, size_t length);
void host_undo_clear(const char *key);
/* True when `actions` is well formed. */
int host_undo_valid(struct host_reader actions);
/* Takes one key's actions out; 0 when there is none left. The caller frees them. */
int host_undo_take(uint8_t **actions, size_t *length);
/* Runs one key's actions in order, whatever fails; in a child of its own. */
void host_undo_run(const uint8_t *actions, size_t length);

/* Children of this program that answer a request or undo; at most HOST_TASKS_MAX. */
enum { HOST_TASKS_MAX = 128, HOST_POLLS_MAX = 2 * HOST_TASKS_MAX };
struct pollfd;
int host_task_count(void);
/* Starts what a frame asks for; its answer goes into `out`, now or when it has ended. */
void host_task_start(uint32_t id, uint8_t type, struct host_reader payload, struct host_buffer *out);
/* Starts the undo of the next key; 0 when there is none left. */
int host_task_undo(void);
/* Reaps every child that has ended, orphans of boxes included, and answers. */
void host_task_reap(struct host_buffer *out);
/* Fills in what to poll for; the number of entries. */
int host_task_polls(struct pollfd *polls);
/* Reads what has come through pipes. */
void host_task_read(void);
/* Kills what is over time; milliseconds until the next is, -1 for never. */
int host_task_expire(void);
/* Nothing may run longer than that from now on. */
void host_task_hurry(uint32_t within_ms);

/* How an ordinary user's host program becomes root. */
struct host_rootless {
  /* The set-user-id programs that map ids; null: this program is root, and stays as it is. */
  const char *newuidmap, *newgidmap;
  /* Outside: who 1, 2, 3... of the namespace are; 0 is the user. */
  uint32_t first_user, first_group, count;
  /* Shown as /.boxlite. */
  const char *mounts;
  /* The file that names the namespace: that of an earlier life is joined while anything is in it. */
  const char *namespace;
};

int host_become_root(const struct host_rootless *options, struct host_fault *fault);
/* Makes a mount namespace whose root is as the host's, with `mounts` as /.boxlite. */
int host_own_root(const char *mounts, struct host_fault *fault);

/* Takes the lock; -1 with the holder's note in `note` when another has it, -2 with errno in `note` as text. The fd stays open for life. */
int host_lock(const char *path, char *note, size_t size);

#endif
