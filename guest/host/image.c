/* File systems in image files, through loop devices. */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* From linux/loop.h, which musl does not have. */
enum {
  LOOP_SET_FD_ = 0x4C00,
  LOOP_CLR_FD_ = 0x4C01,
  LOOP_SET_STATUS64_ = 0x4C04,
  LOOP_GET_STATUS64_ = 0x4C05,
  LOOP_SET_DIRECT_IO_ = 0x4C08,
  LOOP_CONFIGURE_ = 0x4C0A,
  LOOP_CTL_GET_FREE_ = 0x4C82,
  LO_READ_ONLY_ = 1,
  LO_AUTOCLEAR_ = 4,
  LO_DIRECT_IO_ = 16,
};

struct loop_info {
  uint64_t device, inode, rdevice, offset, sizelimit;
  uint32_t number, encrypt_type, encrypt_key_size, flags;
  uint8_t file_name[64], crypt_name[64], encrypt_key[32];
  uint64_t init[2];
};

struct loop_config {
  uint32_t fd, block_size;
  struct loop_info info;
  uint64_t reserved[8];
};

enum { ATTEMPTS = 64, BUSY_MS = 5000 };

static int attach(int device, int image) {
  struct loop_config config = {.fd = (uint32_t)image, .info.flags = LO_AUTOCLEAR_ | LO_DIRECT_IO_};
  if (ioctl(device, LOOP_CONFIGURE_, &config) == 0) return 0;
  if (errno == EINVAL) {
    config.info.flags = LO_AUTOCLEAR_; /* the file system below has no direct I/O */
    if (ioctl(device, LOOP_CONFIGURE_, &config) == 0) return 0;
  }
  if (errno != EINVAL && errno != ENOTTY) return -1;
  if (ioctl(device, LOOP_SET_FD_, image) != 0) return -1;
  if (ioctl(device, LOOP_SET_STATUS64_, &config.info) != 0) {
    int error = errno;
    ioctl(device, LOOP_CLR_FD_, 0);
    errno = error;
    return -1;
  }
  ioctl(device, LOOP_SET_DIRECT_IO_, 1UL);
  return 0;
}

/* Whether the device shows the whole of that image, as attach() would; one that goes away just now does not. */
static int shows(int device, const struct stat *image) {
  struct loop_info info;
  return ioctl(device, LOOP_GET_STATUS64_, &info) == 0 && info.inode == image->st_ino && !info.offset &&
         !info.sizelimit && !(info.flags & LO_READ_ONLY_);
}

/* The loop device with that image behind it, or -1; `found` says whether there is one, which may not open any more. */
static int attached_loop(const char *image, const struct stat *entry, char *name, size_t size, int *found) {
  DIR *blocks = opendir("/sys/block");
  struct dirent *block;
  int device = -1;
  *found = 0;
  while (blocks && !*found && (block = readdir(blocks))) {
    char path[320], backing[4096];
    if (strncmp(block->d_name, "loop", 4) != 0) continue;
    snprintf(path, sizeof path, "/sys/block/%s/loop/backing_file", block->d_name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t length = read(fd, backing, sizeof backing - 1);
    close(fd);
    while (length > 0 && backing[length - 1] == '\n') length--;
    backing[length > 0 ? length : 0] = 0;
    if (strcmp(backing, image) != 0) continue;
    *found = 1;
    snprintf(name, size, "/dev/%.20s", block->d_name);
    device = open(name, O_RDWR | O_CLOEXEC);
    if (device >= 0 && !shows(device, entry)) {
      close(device);
      device = -1;
    }
  }
  if (blocks) closedir(blocks);
  return device;
}

/* A second loop device over one image would corrupt it. The last one stays as long as anything has a copy of its mount,
   as every other box that starts has for a while: then that is mounted again, which gives the same file system. */
static int reopen_loop(const char *image, const struct stat *entry, char *name, size_t size, int *device) {
  char *real = realpath(image, NULL);
  uint64_t until = host_now_ms() + BUSY_MS;
  int found = 0;
  *device = -1;
  while (real) {
    *device = attached_loop(real, entry, name, size, &found);
    if (*device >= 0 || !found || host_now_ms() > until) break;
    nanosleep(&(struct timespec){0, 5 * 1000 * 1000}, NULL);
  }
  free(real);
  errno = EBUSY;
  return *device < 0 && found ? -1 : 0;
}

static int open_loop(int image, char *name, size_t size) {
  int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return -1;
  int device = -1, error = 0;
  for (int i = 0; i < ATTEMPTS; i++) {
    int number = ioctl(control, LOOP_CTL_GET_FREE_);
    if (number < 0) break;
    snprintf(name, size, "/dev/loop%d", number);
    device = open(name, O_RDWR | O_CLOEXEC);
    if (device < 0 || attach(device, image) == 0) break;
    error = errno;
    close(device);
    device = -1;
    errno = error;
    if (error != EBUSY) break; /* busy: somebody else was faster, there are more */
  }
  error = errno;
  close(control);
  errno = error;
  return device;
}

int host_mount_image(struct host_reader *reader, struct host_fault *fault) {
  char *image = host_string(reader), *target = host_string(reader), *type = host_string(reader);
  uint64_t flags = host_u64(reader);
  char *data = host_string(reader), name[32] = "";
  int result = 0, file = -1, device = -1;
  struct stat entry;
  if (!host_finished(reader)) result = host_fail(fault, EINVAL, "mount", "a malformed request");
  else if ((file = open(image, O_RDWR | O_CLOEXEC | O_NOFOLLOW)) < 0) result = host_fail(fault, errno, "open", image);
  else if (fstat(file, &entry) != 0 || !S_ISREG(entry.st_mode)) result = host_fail(fault, EINVAL, "not a file:", image);
  else if (reopen_loop(image, &entry, name, sizeof name, &device) != 0)
    result = host_fail(fault, errno, "already attached to a loop device:", image);
  else if (device < 0 && (device = open_loop(file, name, sizeof name)) < 0)
    /* Every loop device that there may be is in use: no disk is full. */
    result = host_fail(fault, errno == ENOSPC ? EBUSY : errno, "find a loop device for", image);
  else if (mount(name, target, type, flags, data[0] ? data : NULL) != 0)
    result = host_fail(fault, errno, "mount image at", target);
  if (device >= 0) close(device); /* autoclear: the mount holds it from now on, or nothing does */
  if (file >= 0) close(file);
  free(image), free(target), free(type), free(data);
  return result;
}

/* Copies only what is not a hole; the target must not exist. A failed copy leaves nothing. */
int host_copy_sparse(struct host_reader *reader, struct host_fault *fault) {
  char *from = host_string(reader), *to = host_string(reader);
  int source = -1, target = -1, result = 0;
  struct stat entry;
  if (!host_finished(reader)) result = host_fail(fault, EINVAL, "copy", "a malformed request");
  else if ((source = open(from, O_RDONLY | O_CLOEXEC)) < 0 || fstat(source, &entry) != 0)
    result = host_fail(fault, errno, "copy", from);
  else if ((target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
    result = host_fail(fault, errno, "copy to", to);
  else if (ftruncate(target, entry.st_size) != 0) result = host_fail(fault, errno, "copy to", to);
  for (off_t at = 0, end; result == 0 && at < entry.st_size; at = end) {
    at = lseek(source, at, SEEK_DATA);
    if (at < 0) {
      if (errno != ENXIO) result = host_fail(fault, errno, "copy", from);
      break;
    }
    end = lseek(source, at, SEEK_HOLE);
    if (end < 0) result = host_fail(fault, errno, "copy", from);
    while (result == 0 && at < end) {
      off_t out = at;
      ssize_t done = copy_file_range(source, &at, target, &out, (size_t)(end - at), 0);
      if (done <= 0) result = host_fail(fault, done < 0 ? errno : EIO, "copy to", to);
    }
  }
  if (source >= 0) close(source);
  if (target >= 0) {
    close(target);
    if (result != 0) unlink(to);
  }
  free(from), free(to);
  return result;
}
