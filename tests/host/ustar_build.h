/* Builds ustar archives, well-formed unless the caller damages them afterwards. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct ustar {
	uint8_t bytes[65536];
	size_t len;
};

enum {
	USTAR_SIZE = 124,
	USTAR_CHECKSUM = 148,
	USTAR_TYPE = 156,
	USTAR_MAGIC = 257,
	USTAR_PREFIX = 345
};

/* Makes the checksum of the header at `at` right again. */
static inline void ustar_sum(struct ustar *archive, size_t at)
{
	uint8_t *header = archive->bytes + at;
	unsigned sum = 0;

	memset(header + USTAR_CHECKSUM, ' ', 8);
	for (unsigned i = 0; i < 512; i++) {
		sum += header[i];
	}
	snprintf((char *)header + USTAR_CHECKSUM, 8, "%06o", sum);
	header[USTAR_CHECKSUM + 7] = ' ';
}

/*
 * Appends a member of type '0' (file) or '5' (folder) and so on. Returns the offset of its header.
 */
static inline size_t ustar_add(struct ustar *archive, char type, const char *name, const char *data)
{
	size_t at = archive->len;
	char *header = (char *)archive->bytes + at;
	size_t len = strlen(data);

	memset(header, 0, 512);
	memcpy(header, name, strnlen(name, 100));
	strcpy(header + 100, "0000755");
	strcpy(header + 108, "0000000");
	strcpy(header + 116, "0000000");
	snprintf(header + USTAR_SIZE, 12, "%011o", (unsigned)len);
	strcpy(header + 136, "00000000000");
	header[USTAR_TYPE] = type;
	memcpy(header + USTAR_MAGIC, "ustar\00000", 8);
	ustar_sum(archive, at);
	memcpy(header + 512, data, len);
	memset(header + 512 + len, 0, -len & 511);
	archive->len += 512 + ((len + 511) & ~(size_t)511);
	return at;
}

static inline void ustar_end(struct ustar *archive)
{
	memset(archive->bytes + archive->len, 0, 1024);
	archive->len += 1024;
}

static inline void ustar_ordinary(struct ustar *archive)
{
	archive->len = 0;
	ustar_add(archive, '5', "bin/", "");
	ustar_add(archive, '0', "bin/init", "init program");
	ustar_add(archive, '0', "bin/sh", "shell program");
	ustar_add(archive, '0', "etc/empty", "");
	ustar_end(archive);
}
