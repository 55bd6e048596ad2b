/*
 * The boot archive: a POSIX ustar archive in memory, indexed. Nothing in it is believed: it is
 * refused as a whole unless every header is right. Directories are skipped; entries of other kinds
 * than files are refused.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

enum { ARCHIVE_NAME_BYTES = 100, ARCHIVE_FILES_MAX = 4096, ARCHIVE_ERROR_BYTES = 192 };

struct archive_entry {
	char name[ARCHIVE_NAME_BYTES]; /* path without a leading slash: "bin/sh" */
	const uint8_t *data;           /* inside of the archive */
	size_t size_bytes;
	uint32_t mode; /* permission bits */
};

struct archive {
	const struct archive_entry *entries; /* names are distinct */
	unsigned nr_entries;
	char error[ARCHIVE_ERROR_BYTES]; /* what is wrong and where, after a failure */
};

/*
 * How many files there are, once the whole archive was checked. EINVAL with out->error set when it
 * is damaged.
 */
status_t archive_count(const void *data, size_t size_bytes, unsigned *nr_files,
		       struct archive *out) MUST_CHECK;

/*
 * Fills `entries`, an array for as many files as archive_count found, and makes it the index. It
 * and the data must stay as they are from then on. EINVAL with out->error set when the archive is
 * damaged or has no file.
 */
status_t archive_mount(const void *data, size_t size_bytes, struct archive_entry *entries,
		       unsigned max_entries, struct archive *out) MUST_CHECK;

/* By path, with or without leading slashes. NULL: there is no such file. */
const struct archive_entry *archive_find(const struct archive *archive, const char *path);
