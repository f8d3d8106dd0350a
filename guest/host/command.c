#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int host_read_command(struct host_reader *reader, struct host_command *command) {
  command->argv = host_list(reader);
  command->env = host_list(reader);
  command->cwd = host_string(reader);
  command->listen_path = host_string(reader);
  command->output_path = host_string(reader);
  command->capture = host_u8(reader);
  command->timeout_ms = host_u32(reader);
  return host_finished(reader) && command->argv[0] && command->argv[0][0] == '/';
}

void host_free_command(struct host_command *command) {
  host_free_list(command->argv);
  host_free_list(command->env);
  free(command->cwd);
  free(command->listen_path);
  free(command->output_path);
}

/* Listens on a path of any length: the directory is reached through a descriptor. Replaces a socket that is there. */
static int listen_at(const char *path) {
  const char *name = strrchr(path, '/');
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct stat entry;
  int directory = -1, fd = -1, error = 0;
  if (!name || !name[1]) {
    errno = EINVAL;
    return -1;
  }
  char *parent = strndup(path, (size_t)(name - path) + 1);
  directory = parent ? open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  error = errno;
  free(parent);
  if (directory < 0) {
    errno = error;
    return -1;
  }
  name++;
  int length = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, name);
  if (length >= (int)sizeof address.sun_path) {
    errno = ENAMETOOLONG;
  } else {
    if (fstatat(directory, name, &entry, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(entry.st_mode))
      unlinkat(directory, name, 0);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0)) {
      error = errno;
      close(fd);
      fd = -1;
      errno = error;
    }
  }
  error = errno;
  close(directory);
  errno = error;
  return fd;
}

/* In the child of vfork: only system calls, and no return. */
static void become(const struct host_command *command, int out, int err, int listening, volatile int *error) {
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal(SIGHUP, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  umask(022);
  if (out >= 0) dup2(out, 1);
  if (err >= 0) dup2(err, 2);
  if (listening >= 0) dup2(listening, 3);
  if (command->cwd[0] == 0 || chdir(command->cwd) == 0) execve(command->argv[0], command->argv, command->env);
  *error = errno;
  _exit(127);
}

__attribute__((noinline)) static pid_t launch(const struct host_command *command, const int streams[3],
                                              volatile int *error) {
  pid_t child = vfork();
  if (child == 0) become(command, streams[0], streams[1], streams[2], error);
  return child;
}

int host_start(const struct host_command *command, int out, int err, pid_t *pid, const char **step) {
  int listening = -1, file = -1;
  volatile int error = 0;
  if (command->listen_path[0]) {
    *step = "listen";
    listening = listen_at(command->listen_path);
    if (listening < 0) return errno;
  }
  if (command->output_path[0]) {
    *step = "open the output file";
    file = open(command->output_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    error = errno;
    if (file < 0) {
      if (listening >= 0) close(listening);
      return error;
    }
    error = 0;
    out = err = file;
  }
  *step = "start";
  pid_t child = launch(command, (const int[3]){out, err, listening}, &error);
  if (child < 0) error = errno;
  if (listening >= 0) close(listening);
  if (file >= 0) close(file);
  *pid = child;
  return error;
}
