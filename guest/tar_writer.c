#include "tar.h"
#include "tar_header.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint8_t buffer[TAR_BUFFER];
static size_t used;

static void flush(void)
{
	for (size_t sent = 0; sent < used;) {
		ssize_t n = write(1, buffer + sent, used - sent);
		if (n < 0 && errno != EINTR)
			tar_fail_errno("cannot write", "the archive");
		if (n > 0)
			sent += (size_t)n;
	}
	used = 0;
}

uint8_t *tar_room(size_t *length)
{
	if (sizeof buffer - used < 128 << 10)
		flush();
	*length = sizeof buffer - used;
	return buffer + used;
}

void tar_fill(size_t length)
{
	used += length;
}

static void add(const void *bytes, size_t length)
{
	while (length) {
		size_t room;
		uint8_t *to = tar_room(&room);
		size_t part = length < room ? length : room;
		memcpy(to, bytes, part);
		tar_fill(part);
		bytes = (const uint8_t *)bytes + part;
		length -= part;
	}
}

void tar_pad(uint64_t size)
{
	static const uint8_t zeros[BLOCK];
	add(zeros, (BLOCK - size % BLOCK) % BLOCK);
}

static void number(uint8_t *field, size_t length, uint64_t value)
{
	bool octal = length > 7 + 1 ? value < 1ull << 33 : value < 1ull << 21;
	if (octal) {
		for (size_t i = length - 1; i-- > 0; value >>= 3)
			field[i] = (uint8_t)('0' + (value & 7));
		field[length - 1] = 0;
		return;
	}
	for (size_t i = length; i-- > 0; value >>= 8)
		field[i] = (uint8_t)value;
	field[0] |= 0x80;
}

static void header(const struct tar_entry *entry, const char *name, const char *link, char type, uint64_t size)
{
	uint8_t block[BLOCK] = { 0 };
	memcpy(block, name, strnlen(name, 100));
	memcpy(block + 157, link, strnlen(link, 100));
	number(block + 100, 8, entry->mode);
	number(block + 108, 8, entry->uid);
	number(block + 116, 8, entry->gid);
	number(block + 124, 12, size);
	number(block + 136, 12, entry->mtime < 0 ? 0 : (uint64_t)entry->mtime);
	memset(block + 148, ' ', 8);
	block[156] = (uint8_t)type;
	memcpy(block + 257, "ustar\00000", 8);
	if (type == '3' || type == '4') {
		number(block + 329, 8, entry->major);
		number(block + 337, 8, entry->minor);
	}
	unsigned sum = 0;
	for (int i = 0; i < BLOCK; i++)
		sum += block[i];
	snprintf((char *)block + 148, 8, "%06o", sum);
	add(block, BLOCK);
}

/* One `LENGTH key=value` line, whose length counts itself. */
static size_t pax_line(char *to, size_t size, const char *key, const char *value)
{
	size_t body = strlen(key) + strlen(value) + 3, length = body + 1;
	while (length != body + (size_t)snprintf(NULL, 0, "%zu", length))
		length = body + (size_t)snprintf(NULL, 0, "%zu", length);
	snprintf(to, size, "%zu %s=%s\n", length, key, value);
	return length;
}

void tar_begin(const struct tar_entry *entry)
{
	static char pax[2 * NAME_MAX_LENGTH + 64];
	size_t length = 0;
	if (strlen(entry->name) > 100)
		length += pax_line(pax, sizeof pax, "path", entry->name);
	if (strlen(entry->link) > 100)
		length += pax_line(pax + length, sizeof pax - length, "linkpath", entry->link);
	if (length) {
		header(entry, "pax-header", "", 'x', length);
		add(pax, length);
		tar_pad(length);
	}
	header(entry, entry->name, entry->link, entry->type, entry->size);
}

void tar_finish(void)
{
	static const uint8_t zeros[2 * BLOCK];
	add(zeros, sizeof zeros);
	flush();
}
