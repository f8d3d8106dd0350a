#include "tar.h"
#include "tar_header.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t buffer[TAR_BUFFER];
static size_t used, at;
static uint64_t data_left, padding;
static bool ended;

/* At least `length` bytes at buffer + at; false when the input ends before. */
static bool fill(size_t length)
{
	if (used - at >= length)
		return true;
	memmove(buffer, buffer + at, used - at);
	used -= at;
	at = 0;
	while (used < length) {
		ssize_t n = read(0, buffer + used, sizeof buffer - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			tar_fail_errno("cannot read", "the archive");
		if (n == 0)
			return false;
		used += (size_t)n;
	}
	return true;
}

static _Noreturn void cut(void)
{
	tar_fail("invalid_argument", "the archive is cut: it ends before its end mark; send it again");
}

static uint64_t number(const uint8_t *field, size_t length)
{
	uint64_t value = 0;
	if (field[0] & 0x80) {
		if (field[0] != 0x80)
			tar_fail("invalid_argument", "the archive holds a number that is negative or too large");
		for (size_t i = 1; i < length; i++) {
			if (value >> 55)
				tar_fail("invalid_argument", "the archive holds a number that is too large");
			value = value << 8 | field[i];
		}
		return value;
	}
	size_t i = 0;
	while (i < length && field[i] == ' ')
		i++;
	for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(field[i] - '0');
	if (i < length && field[i] != ' ' && field[i] != 0)
		tar_fail("invalid_argument", "the archive is corrupt: a header holds a number that is none");
	return value;
}

static void check_sum(const uint8_t *header)
{
	uint64_t told = number(header + 148, 8);
	uint64_t plain = 0;
	int64_t with_sign = 0;
	for (int i = 0; i < BLOCK; i++) {
		uint8_t c = i >= 148 && i < 156 ? ' ' : header[i];
		plain += c;
		with_sign += (int8_t)c;
	}
	if (told != plain && (int64_t)told != with_sign)
		tar_fail("invalid_argument", "the archive is corrupt, or not a tar archive: a header's checksum is wrong");
}

static void copy_name(char *to, const char *from, size_t length)
{
	if (length >= NAME_MAX_LENGTH)
		tar_fail("invalid_argument", "the archive holds a name of %zu bytes, more than %d", length, NAME_MAX_LENGTH - 1);
	if (memchr(from, 0, length))
		tar_fail("invalid_argument", "the archive holds a name with a NUL byte");
	memcpy(to, from, length);
	to[length] = 0;
}

static void header_name(char *to, const uint8_t *header)
{
	size_t name = strnlen((const char *)header, 100), prefix = 0;
	if (memcmp(header + 257, "ustar\0", 6) == 0)
		prefix = strnlen((const char *)header + 345, 155);
	snprintf(to, NAME_MAX_LENGTH, "%.*s%s%.*s", (int)prefix, (const char *)header + 345, prefix ? "/" : "", (int)name,
		 (const char *)header);
}

size_t tar_data(const uint8_t **bytes)
{
	if (!data_left) {
		if (padding && !fill(padding))
			cut();
		at += padding;
		padding = 0;
		return 0;
	}
	size_t want = data_left < sizeof buffer ? (size_t)data_left : sizeof buffer;
	/* Large writes: a quarter of the buffer at least, unless the entry ends before. */
	if (!fill(want < sizeof buffer / 4 ? want : sizeof buffer / 4))
		cut();
	size_t length = used - at < data_left ? used - at : (size_t)data_left;
	*bytes = buffer + at;
	at += length;
	data_left -= length;
	return length;
}

void tar_skip_data(void)
{
	const uint8_t *bytes;
	while (tar_data(&bytes))
		;
}

/* The data of an extended header, with a NUL after it. */
static char *extended(uint64_t size)
{
	static char text[EXTENDED_MAX + 1];
	const uint8_t *bytes;
	size_t length = 0, n;
	if (size > EXTENDED_MAX)
		tar_fail("invalid_argument", "the archive holds an extended header of more than %d bytes", EXTENDED_MAX);
	while ((n = tar_data(&bytes))) {
		memcpy(text + length, bytes, n);
		length += n;
	}
	text[length] = 0;
	return text;
}

struct overrides {
	bool name, link, size, mtime, uid, gid;
	struct tar_entry entry;
};

static void read_time(struct tar_entry *entry, const char *value)
{
	char *rest;
	entry->mtime = strtoll(value, &rest, 10);
	entry->mtime_ns = 0;
	if (*rest == '.')
		for (uint32_t digit = 100000000; digit && *++rest >= '0' && *rest <= '9'; digit /= 10)
			entry->mtime_ns += digit * (uint32_t)(*rest - '0');
	if (entry->mtime < 0)
		entry->mtime_ns = 0;
}

static void pax_value(struct overrides *o, const char *key, const char *value, size_t length)
{
	if (strcmp(key, "path") == 0) {
		copy_name(o->entry.name, value, length);
		o->name = true;
	} else if (strcmp(key, "linkpath") == 0) {
		copy_name(o->entry.link, value, length);
		o->link = true;
	} else if (strcmp(key, "size") == 0) {
		o->entry.size = strtoull(value, NULL, 10);
		o->size = true;
	} else if (strcmp(key, "mtime") == 0) {
		read_time(&o->entry, value);
		o->mtime = true;
	} else if (strcmp(key, "uid") == 0) {
		o->entry.uid = (uint32_t)strtoull(value, NULL, 10);
		o->uid = true;
	} else if (strcmp(key, "gid") == 0) {
		o->entry.gid = (uint32_t)strtoull(value, NULL, 10);
		o->gid = true;
	} else if (strncmp(key, "GNU.sparse", 10) == 0) {
		tar_fail("invalid_argument", "the archive holds a sparse file; pack it without --sparse");
	}
}

static void read_pax(struct overrides *o, char *text, size_t size)
{
	char *end = text + size;
	while (text < end) {
		char *key;
		size_t length = strtoul(text, &key, 10);
		char *equals = key < end && *key == ' ' ? memchr(key, '=', (size_t)(end - key)) : NULL;
		if (!equals || length > (size_t)(end - text) || length < (size_t)(equals - text) + 2 || text[length - 1] != '\n')
			tar_fail("invalid_argument", "the archive is corrupt: a pax header cannot be read");
		*equals = 0;
		text[length - 1] = 0;
		pax_value(o, key + 1, equals + 1, (size_t)(text + length - 1 - (equals + 1)));
		text += length;
	}
}

static void read_header(const uint8_t *header, struct tar_entry *entry)
{
	check_sum(header);
	entry->type = (char)header[156];
	header_name(entry->name, header);
	copy_name(entry->link, (const char *)header + 157, strnlen((const char *)header + 157, 100));
	entry->mode = (uint32_t)number(header + 100, 8) & 07777;
	entry->uid = (uint32_t)number(header + 108, 8);
	entry->gid = (uint32_t)number(header + 116, 8);
	entry->size = number(header + 124, 12);
	/* A time before 1970 is a negative base-256 number; it is taken as 1970. */
	entry->mtime = header[136] == 0xff ? 0 : (int64_t)number(header + 136, 12);
	entry->mtime_ns = 0;
	bool device = entry->type == '3' || entry->type == '4';
	entry->major = device ? (uint32_t)number(header + 329, 8) : 0;
	entry->minor = device ? (uint32_t)number(header + 337, 8) : 0;
	if (entry->type == 0 || entry->type == '7')
		entry->type = '0';
}

static void expect_data(uint64_t size)
{
	if (size > INT64_MAX - BLOCK)
		tar_fail("invalid_argument", "the archive holds an entry of impossible size");
	data_left = size;
	padding = (BLOCK - size % BLOCK) % BLOCK;
}

static void apply(const struct overrides *o, struct tar_entry *entry)
{
	if (o->name)
		strcpy(entry->name, o->entry.name);
	size_t length = strlen(entry->name);
	if (entry->type == '0' && length && entry->name[length - 1] == '/')
		entry->type = '5'; /* how the oldest archives say directory; its data, if any, is skipped */
	if (o->link)
		strcpy(entry->link, o->entry.link);
	if (o->size)
		entry->size = o->entry.size;
	if (o->mtime) {
		entry->mtime = o->entry.mtime;
		entry->mtime_ns = o->entry.mtime_ns;
	}
	if (o->uid)
		entry->uid = o->entry.uid;
	if (o->gid)
		entry->gid = o->entry.gid;
}

bool tar_next(struct tar_entry *entry)
{
	static struct overrides o;
	static const uint8_t zeros[BLOCK];
	o.name = o.link = o.size = o.mtime = o.uid = o.gid = false;
	while (!ended) {
		if (!fill(BLOCK))
			cut();
		if (memcmp(buffer + at, zeros, BLOCK) == 0) {
			ended = true;
			break;
		}
		read_header(buffer + at, entry);
		at += BLOCK;
		char type = entry->type;
		if (type == 'L' || type == 'K' || type == 'x' || type == 'g' || type == 'V') {
			expect_data(entry->size);
			char *text = type == 'g' || type == 'V' ? (tar_skip_data(), NULL) : extended(entry->size);
			if (type == 'x') {
				read_pax(&o, text, (size_t)entry->size);
			} else if (text) {
				copy_name(type == 'L' ? o.entry.name : o.entry.link, text, strlen(text));
				*(type == 'L' ? &o.name : &o.link) = true;
			}
			continue;
		}
		if (type < '0' || type > '6')
			tar_fail("invalid_argument", "the archive holds an entry of a type that is not supported: %.200s (type '%c')", entry->name,
				 type >= ' ' && type <= '~' ? type : '?');
		apply(&o, entry);
		if (type != '0') /* a size in the header of anything but a file says nothing about data */
			entry->size = 0;
		expect_data(entry->size);
		return true;
	}
	return false;
}

void tar_drain(void)
{
	ssize_t n;
	while ((n = read(0, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
		;
}
