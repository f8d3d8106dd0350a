#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UNDO_MS = 60000, OPERATION_MS = 10 * 60000 };

struct task {
  struct task *next;
  uint32_t id;
  uint8_t kind; /* HOST_SPAWN, HOST_UNDO, or 0 for an operation */
  uint8_t timed_out;
  pid_t pid;
  int pipes[2];
  struct host_buffer tails[2];
  uint64_t deadline; /* 0: none */
};

static struct task *tasks;
static int count;

int host_task_count(void) { return count; }

static struct task *add(uint32_t id, uint8_t kind, uint32_t limit_ms) {
  struct task *task = host_allocate(sizeof *task);
  *task = (struct task){.next = tasks, .id = id, .kind = kind, .pid = -1, .pipes = {-1, -1}};
  if (limit_ms) task->deadline = host_now_ms() + limit_ms;
  tasks = task;
  count++;
  return task;
}

static void drop(struct task *task) {
  for (struct task **link = &tasks; *link; link = &(*link)->next) {
    if (*link != task) continue;
    *link = task->next;
    break;
  }
  for (int i = 0; i < 2; i++) {
    if (task->pipes[i] >= 0) close(task->pipes[i]);
    free(task->tails[i].bytes);
  }
  free(task);
  count--;
}

static void answer_fault(struct host_buffer *out, uint32_t id, int number, const char *text) {
  struct host_buffer payload = {0};
  host_append_u32(&payload, (uint32_t)number);
  host_append_string(&payload, text, strlen(text));
  host_append_frame(out, id, HOST_FAILED, payload.bytes, payload.used);
  free(payload.bytes);
}

/* Keeps the last HOST_TAIL_MAX bytes. */
static void keep_tail(struct host_buffer *tail, const uint8_t *bytes, size_t length) {
  host_append(tail, bytes, length);
  if (tail->used <= 2 * HOST_TAIL_MAX) return;
  memmove(tail->bytes, tail->bytes + tail->used - HOST_TAIL_MAX, HOST_TAIL_MAX);
  tail->used = HOST_TAIL_MAX;
}

static void drain(struct task *task, int which) {
  uint8_t bytes[16384];
  for (int rounds = 0; task->pipes[which] >= 0 && rounds < 64; rounds++) {
    ssize_t length = read(task->pipes[which], bytes, sizeof bytes);
    if (length > 0) keep_tail(&task->tails[which], bytes, (size_t)length);
    else if (length < 0 && errno == EINTR) continue;
    else if (length < 0 && errno == EAGAIN) return;
    else {
      close(task->pipes[which]);
      task->pipes[which] = -1;
    }
  }
}

static void start_command(uint32_t id, struct host_reader payload, struct host_buffer *out) {
  struct host_command command;
  const char *step = "start";
  int writers[2] = {-1, -1}, error = EINVAL;
  int valid = host_read_command(&payload, &command);
  struct task *task = add(id, HOST_SPAWN, command.timeout_ms);
  for (int i = 0; valid && command.capture && i < 2; i++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) continue;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    task->pipes[i] = ends[0];
    writers[i] = ends[1];
  }
  if (valid) error = host_start(&command, writers[0], writers[1], &task->pid, &step);
  for (int i = 0; i < 2; i++)
    if (writers[i] >= 0) close(writers[i]);
  if (error != 0) {
    struct host_fault fault;
    host_fail(&fault, error, step, command.argv[0] ? command.argv[0] : "a malformed request");
    answer_fault(out, id, error, fault.text);
    drop(task);
  }
  host_free_command(&command);
}

/* The child keeps nothing of this program but the pipe, on fd 3: a killed host closes its channel at once. */
static pid_t fork_bare(int writer) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  dup3(writer >= 0 ? writer : 0, HOST_CHANNEL, O_CLOEXEC);
  host_close_from(HOST_CHANNEL + 1);
  return 0;
}

static void operate_and_exit(uint8_t type, struct host_reader payload) {
  struct host_buffer result = {0}, out = {0};
  struct host_fault fault = {0};
  if (host_operate(type, &payload, &result, &fault) == 0) {
    host_append_u8(&out, HOST_DONE);
    host_append(&out, result.bytes, result.used);
  } else {
    host_append_u8(&out, HOST_FAILED);
    host_append_u32(&out, (uint32_t)fault.number);
    host_append_string(&out, fault.text, strlen(fault.text));
  }
  _exit(write(HOST_CHANNEL, out.bytes, out.used) == (ssize_t)out.used ? 0 : 1);
}

static void start_operation(uint32_t id, uint8_t type, struct host_reader payload, struct host_buffer *out) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    answer_fault(out, id, errno, "host program: pipe");
    return;
  }
  pid_t pid = fork_bare(ends[1]);
  if (pid == 0) operate_and_exit(type, payload);
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    answer_fault(out, id, errno, "host program: fork");
    return;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  struct task *task = add(id, 0, OPERATION_MS);
  task->pid = pid;
  task->pipes[0] = ends[0];
}

static void change_undo(uint32_t id, uint8_t type, struct host_reader payload, struct host_buffer *out) {
  char *key = host_string(&payload);
  if (payload.bad || (type == HOST_CLEAR_UNDO ? payload.left != 0 : !host_undo_valid(payload)))
    answer_fault(out, id, EINVAL, "undo: a malformed request");
  else {
    if (type == HOST_UNDO) host_undo_set(key, payload.at, payload.left);
    else host_undo_clear(key);
    host_append_frame(out, id, HOST_DONE, NULL, 0);
  }
  free(key);
}

void host_task_start(uint32_t id, uint8_t type, struct host_reader payload, struct host_buffer *out) {
  if (type == HOST_SPAWN) start_command(id, payload, out);
  else if (type == HOST_UNDO || type == HOST_CLEAR_UNDO) change_undo(id, type, payload, out);
  else start_operation(id, type, payload, out);
}

int host_task_undo(void) {
  uint8_t *actions;
  size_t length;
  if (!host_undo_take(&actions, &length)) return 0;
  pid_t pid = fork_bare(-1);
  if (pid == 0) {
    host_undo_run(actions, length);
    _exit(0);
  }
  free(actions);
  if (pid > 0) add(0, HOST_UNDO, UNDO_MS)->pid = pid;
  return 1;
}

static void answer(struct task *task, int status, struct host_buffer *out) {
  struct host_buffer payload = {0};
  struct host_buffer *first = &task->tails[0];
  drain(task, 0);
  drain(task, 1);
  if (task->kind == HOST_SPAWN) {
    host_append_u32(&payload, WIFSIGNALED(status) ? 128 + (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status));
    host_append_u32(&payload, WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0);
    host_append_u8(&payload, task->timed_out);
    for (int i = 0; i < 2; i++) {
      struct host_buffer *tail = &task->tails[i];
      size_t length = tail->used < HOST_TAIL_MAX ? tail->used : HOST_TAIL_MAX;
      host_append_string(&payload, tail->bytes + tail->used - length, length);
    }
    host_append_frame(out, task->id, HOST_EXITED, payload.bytes, payload.used);
  } else if (task->kind == 0 && first->used > 0) {
    host_append_frame(out, task->id, first->bytes[0], first->bytes + 1, first->used - 1);
  } else if (task->kind == 0) {
    answer_fault(out, task->id, task->timed_out ? ETIMEDOUT : EIO,
                 task->timed_out ? "host program: the operation took too long" : "host program: the operation died");
  }
  free(payload.bytes);
}

void host_task_reap(struct host_buffer *out) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    struct task *task = tasks;
    while (task && task->pid != pid) task = task->next;
    if (!task) continue;
    answer(task, status, out);
    drop(task);
  }
}

int host_task_polls(struct pollfd *polls) {
  int used = 0;
  for (struct task *task = tasks; task; task = task->next)
    for (int i = 0; i < 2; i++)
      if (task->pipes[i] >= 0 && used < HOST_POLLS_MAX) polls[used++] = (struct pollfd){task->pipes[i], POLLIN, 0};
  return used;
}

void host_task_read(void) {
  for (struct task *task = tasks; task; task = task->next)
    for (int i = 0; i < 2; i++) drain(task, i);
}

int host_task_expire(void) {
  uint64_t now = host_now_ms(), next = 0;
  for (struct task *task = tasks; task; task = task->next) {
    if (!task->deadline || task->timed_out) continue;
    if (task->deadline <= now) {
      task->timed_out = 1;
      kill(-task->pid, SIGKILL);
      kill(task->pid, SIGKILL);
    } else if (!next || task->deadline < next) {
      next = task->deadline;
    }
  }
  return next ? (int)(next - now) : -1;
}

void host_task_hurry(uint32_t within_ms) {
  uint64_t limit = host_now_ms() + within_ms;
  for (struct task *task = tasks; task; task = task->next)
    if (!task->deadline || task->deadline > limit) task->deadline = limit;
}
