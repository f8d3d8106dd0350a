#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int host_fail(struct host_fault *fault, int number, const char *what, const char *name) {
  fault->number = number;
  snprintf(fault->text, sizeof fault->text, "%s %.380s: %s", what, name, strerror(number));
  return -1;
}

/* In order; the first that fails ends it. */
static int host_sequence(struct host_reader *reader, struct host_fault *fault) {
  uint32_t count = host_u32(reader);
  struct host_buffer result = {0};
  int outcome = 0;
  for (uint32_t i = 0; outcome == 0 && i < count && !reader->bad; i++) {
    uint8_t type = host_u8(reader);
    struct host_reader payload = host_bytes(reader);
    outcome = type == HOST_SEQUENCE ? host_fail(fault, EINVAL, "sequence", "a malformed request")
                                    : host_operate(type, &payload, &result, fault);
  }
  free(result.bytes);
  return outcome == 0 && !host_finished(reader) ? host_fail(fault, EINVAL, "sequence", "a malformed request") : outcome;
}

int host_operate(uint8_t type, struct host_reader *reader, struct host_buffer *result, struct host_fault *fault) {
  char *path;
  int outcome;
  switch (type) {
    case HOST_MOUNT: return host_mount(reader, fault);
    case HOST_MOUNT_OVERLAY: return host_mount_overlay(reader, fault);
    case HOST_MOUNT_IMAGE: return host_mount_image(reader, fault);
    case HOST_BIND_IDMAPPED: return host_bind_idmapped(reader, fault);
    case HOST_UMOUNT: return host_umount(reader, fault);
    case HOST_COPY_SPARSE: return host_copy_sparse(reader, fault);
    case HOST_SET_HOSTNAME: return host_set_hostname(reader, fault);
    case HOST_KILL: return host_kill(reader, result, fault);
    case HOST_FREEZE: return host_freeze(reader, fault);
    case HOST_USAGE: return host_usage(reader, result, fault);
    case HOST_SEQUENCE: return host_sequence(reader, fault);
    case HOST_MAKE_DIRECTORY: return host_make_directory(reader, fault);
    case HOST_REMOVE_TREE:
      path = host_string(reader);
      outcome = host_finished(reader) ? host_remove_tree(path, fault)
                                      : host_fail(fault, EINVAL, "remove", "a malformed request");
      free(path);
      return outcome;
    default: return host_fail(fault, EINVAL, "request of unknown type", "");
  }
}
