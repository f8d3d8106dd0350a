#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 8192, RESOLVERS_MAX = 3 };

static const char *path;
static struct stat seen;
static struct endpoint resolvers[RESOLVERS_MAX];
static int count;

void upstream_open(const char *file) {
  struct endpoint list[RESOLVERS_MAX];
  path = file;
  upstream_list(list);
}

/* `nameserver ADDRESS`, and of ours `nameserver [ADDRESS]:PORT`; everything else in the file is not for us. */
static void take_line(char *line) {
  struct endpoint resolver = {.port = 53};
  char *word = strtok(line, " \t"), *place = word ? strtok(NULL, " \t\r") : NULL;
  if (!place || strcmp(word, "nameserver") != 0 || count == RESOLVERS_MAX) return;
  char *end = place[0] == '[' ? strchr(place, ']') : NULL;
  if (end) {
    *end = 0;
    place++;
    if (end[1] == ':') resolver.port = (uint16_t)atoi(end + 2);
  }
  if (address_parse(place, &resolver.address) && resolver.port) resolvers[count++] = resolver;
}

static void read_file(void) {
  static char text[FILE_MAX + 1];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd >= 0 ? read(fd, text, FILE_MAX) : -1;
  if (fd >= 0) close(fd);
  if (length < 0) return;
  text[length] = 0;
  count = 0;
  for (char *line = text; line;) {
    char *next = strchr(line, '\n');
    if (next) *next++ = 0;
    take_line(line);
    line = next;
  }
}

int upstream_list(struct endpoint list[3]) {
  struct stat now;
  if (stat(path, &now) == 0 && (now.st_mtim.tv_sec != seen.st_mtim.tv_sec || now.st_ino != seen.st_ino ||
                                now.st_mtim.tv_nsec != seen.st_mtim.tv_nsec || now.st_size != seen.st_size)) {
    seen = now;
    read_file();
  }
  memcpy(list, resolvers, sizeof resolvers);
  return count;
}
