/* What stands in attributes for owners, and for an overlay: in a stream as root's runtime has it, on disk as this one's. */
#include "internal.h"

#include <string.h>

static const char of_root[] = "trusted.overlay.opaque", of_user[] = "user.overlay.opaque";
/* From linux/posix_acl_xattr.h: a head, then entries of u16 tag, u16 permissions, u32 id. */
enum { ACL_HEAD = 4, ACL_ENTRY = 8, ACL_USER = 2, ACL_GROUP = 8 };

static uint32_t number(const uint8_t *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void shift_acl(struct xattr *xattr, uint32_t by) {
  for (uint32_t at = ACL_HEAD; at + ACL_ENTRY <= xattr->length; at += ACL_ENTRY) {
    uint8_t *entry = xattr->value + at;
    uint32_t tag = entry[0] | (uint32_t)entry[1] << 8, id = number(entry + 4) + by;
    if (tag == ACL_USER || tag == ACL_GROUP)
      for (int i = 0; i < 4; i++) entry[4 + i] = (uint8_t)(id >> 8 * i);
  }
}

static void convert(struct xattr *xattr, const char *from, const char *to, uint32_t by) {
  if (strcmp(xattr->name, from) == 0) strcpy(xattr->name, to);
  else if (strncmp(xattr->name, "system.posix_acl_", 17) == 0) shift_acl(xattr, by);
}

void shift_to_stream(struct xattr *xattr, uint32_t shift) {
  if (shift) convert(xattr, of_user, of_root, 0 - shift);
}

void shift_to_disk(struct xattr *xattr, uint32_t shift) {
  if (shift) convert(xattr, of_root, of_user, shift);
}
