#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IP_RECVORIGDSTADDR
#define IP_RECVORIGDSTADDR 20
#endif

struct inside inside = {-1, -1, -1, -1, -1, false};

/* What the keeper is told for a namespace of its own, and room for the path of another. */
#define OWN "own"
enum { PATH_ROOM = 256 };

struct report {
  int error;
  char step[80];
};

static int send_with(int channel, const void *bytes, size_t length, const int *fds, size_t count) {
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(3 * sizeof(int))];
  } control = {0};
  struct iovec part = {(void *)bytes, length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
  }
  return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* The number of descriptors, or -1. */
static int receive_with(int channel, void *bytes, size_t length, int *fds, size_t room) {
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(3 * sizeof(int))];
  } control = {0};
  struct iovec part = {bytes, length};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t got;
  do got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got != (ssize_t)length) return -1;
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (!head || head->cmsg_type != SCM_RIGHTS) return 0;
  size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  memcpy(fds, CMSG_DATA(head), (count < room ? count : room) * sizeof(int));
  return (int)count;
}

static int bound(int type, uint16_t *port) {
  struct sockaddr_in any = {.sin_family = AF_INET};
  socklen_t length = sizeof any;
  int on = 1, fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof on) != 0 ||
      setsockopt(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, &on, sizeof on) != 0 ||
      bind(fd, (struct sockaddr *)&any, sizeof any) != 0 || getsockname(fd, (struct sockaddr *)&any, &length) != 0)
    return -1;
  if (type == SOCK_STREAM && listen(fd, 1024) != 0) return -1;
  *port = ntohs(any.sin_port);
  return fd;
}

/* Root of the box has no privilege over this namespace, and yet may listen on port 80. */
static void open_low_ports(void) {
  int fd = open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, "0", 1) != 1) errno = 0;
  close(fd);
}

static int enter(const char *path) {
  if (!path) return unshare(CLONE_NEWNET);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) return -1;
  return close(fd);
}

static int set_up(const char *path, bool own_stack, int fds[3], const char **step) {
  uint16_t tcp_port = 0, udp_port = 0;
  *step = path ? "join the network namespace" : "make a network namespace";
  if (enter(path) != 0) return -1;
  open_low_ports();
  *step = "make sockets in the namespace";
  fds[0] = bound(SOCK_STREAM, &tcp_port);
  if (fds[0] < 0) return -1;
  fds[1] = bound(SOCK_DGRAM, &udp_port);
  if (fds[1] < 0) return -1;
  fds[2] = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
  if (fds[2] < 0) return -1;
  return links_configure(own_stack, step) == 0 ? catch_configure(own_stack, tcp_port, udp_port, step) : -1;
}

/* Holds the namespace and makes sockets there; it needs no privilege for either, and ends with the process. */
static _Noreturn void keep(int channel, bool own_stack) {
  struct report report = {0};
  const char *step = "";
  char path[PATH_ROOM];
  int fds[3], null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  dup2(channel, NET_CONTROL);
  for (int fd = NET_CONTROL + 1; fd < 16; fd++) close(fd);
  ssize_t length;
  do length = recv(NET_CONTROL, path, sizeof path - 1, 0);
  while (length < 0 && errno == EINTR);
  if (length <= 0) _exit(0);
  path[length] = 0;
  report.error = set_up(path[0] == '/' ? path : NULL, own_stack, fds, &step) == 0 ? 0 : errno ? errno : EIO;
  strncpy(report.step, step, sizeof report.step - 1);
  if (send_with(NET_CONTROL, &report, sizeof report, fds, report.error ? 0 : 3) != 0 || report.error) _exit(1);
  for (int i = 0; i < 3; i++) close(fds[i]);
  privilege_drop(true);
  for (;;) {
    int kind[2], fd = -1;
    length = recv(NET_CONTROL, kind, sizeof kind, 0);
    if (length < 0 && errno == EINTR) continue;
    if (length != sizeof kind) _exit(0);
    fd = socket(kind[0], kind[1] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = fd < 0 ? errno : 0;
    if (send_with(NET_CONTROL, &error, sizeof error, &fd, fd < 0 ? 0 : 1) != 0) _exit(0);
    if (fd >= 0) close(fd);
  }
}

int inside_start(struct inside *opened, bool own_stack, const char **step) {
  int ends[2];
  *step = "make a socket";
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
  *step = "fork";
  pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    keep(ends[1], own_stack);
  }
  close(ends[1]);
  if (pid < 0) return -1;
  *opened = (struct inside){pid, ends[0], -1, -1, -1, own_stack};
  return 0;
}

int inside_open(struct inside *opened, const char *path, const char **step) {
  static struct report report;
  int fds[3];
  *step = "start the keeper of the namespace";
  if (!path) path = OWN;
  if (send(opened->channel, path, strlen(path), MSG_NOSIGNAL) < 0) return -1;
  int count = receive_with(opened->channel, &report, sizeof report, fds, 3);
  if (count != 3 || report.error) {
    if (count >= 0) *step = report.step;
    errno = count >= 0 ? report.error : EIO;
    return -1;
  }
  opened->tcp = fds[0], opened->udp = fds[1], opened->raw = fds[2];
  return 0;
}

int inside_socket(const struct inside *box, int family, int type) {
  int error = 0, fd = -1, kind[2] = {family, type};
  if (send(box->channel, kind, sizeof kind, MSG_NOSIGNAL) != sizeof kind ||
      receive_with(box->channel, &error, sizeof error, &fd, 1) != 1) {
    errno = error ? error : EIO;
    return -1;
  }
  return fd;
}
