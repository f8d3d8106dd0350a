#include "frame.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const uint8_t *read_bytes(struct reader *reader, size_t length)
{
	if (reader->bad || (size_t)(reader->end - reader->at) < length) {
		reader->bad = true;
		return NULL;
	}
	const uint8_t *p = reader->at;
	reader->at += length;
	return p;
}

static uint64_t read_number(struct reader *reader, int size)
{
	const uint8_t *p = read_bytes(reader, (size_t)size);
	uint64_t value = 0;
	for (int i = size - 1; p && i >= 0; i--)
		value = value << 8 | p[i];
	return value;
}

uint8_t read_u8(struct reader *reader) { return (uint8_t)read_number(reader, 1); }
uint16_t read_u16(struct reader *reader) { return (uint16_t)read_number(reader, 2); }
uint32_t read_u32(struct reader *reader) { return (uint32_t)read_number(reader, 4); }
uint64_t read_u64(struct reader *reader) { return read_number(reader, 8); }

bool read_done(const struct reader *reader)
{
	return !reader->bad && reader->at == reader->end;
}

void put(struct bytes *bytes, const void *data, size_t length)
{
	if (bytes->length + length > bytes->capacity) {
		size_t capacity = bytes->capacity ? bytes->capacity : 4096;
		while (capacity < bytes->length + length)
			capacity *= 2;
		uint8_t *at = realloc(bytes->at, capacity);
		if (!at)
			_exit(71); /* without memory for a frame the box cannot be spoken to */
		bytes->at = at;
		bytes->capacity = capacity;
	}
	memcpy(bytes->at + bytes->length, data, length);
	bytes->length += length;
}

static void put_number(struct bytes *bytes, uint64_t value, size_t size)
{
	uint8_t little[8];
	for (size_t i = 0; i < size; i++)
		little[i] = (uint8_t)(value >> (8 * i));
	put(bytes, little, size);
}

void put_u8(struct bytes *bytes, uint8_t value) { put_number(bytes, value, 1); }
void put_u32(struct bytes *bytes, uint32_t value) { put_number(bytes, value, 4); }
void put_u64(struct bytes *bytes, uint64_t value) { put_number(bytes, value, 8); }

void put_string(struct bytes *bytes, const char *text)
{
	size_t length = strlen(text);
	put_u32(bytes, (uint32_t)length);
	put(bytes, text, length);
}

void frame_header(uint8_t *out, uint32_t length, uint32_t execution, uint8_t type)
{
	for (int i = 0; i < 4; i++) {
		out[i] = (uint8_t)(length >> (8 * i));
		out[4 + i] = (uint8_t)(execution >> (8 * i));
	}
	out[8] = type;
}

size_t frame_begin(struct bytes *bytes, uint32_t execution, uint8_t type)
{
	size_t mark = bytes->length;
	uint8_t header[FRAME_HEADER];
	frame_header(header, 0, execution, type);
	put(bytes, header, sizeof header);
	return mark;
}

void frame_end(struct bytes *bytes, size_t mark)
{
	uint32_t length = (uint32_t)(bytes->length - mark - FRAME_HEADER);
	for (int i = 0; i < 4; i++)
		bytes->at[mark + (size_t)i] = (uint8_t)(length >> (8 * i));
}
