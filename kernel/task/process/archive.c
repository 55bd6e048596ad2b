/* The boot archive. Source of the format: POSIX.1-2017, pax, "ustar Interchange Format". */
#include "task/process/archive.h"

#include "lib/format.h"
#include "lib/string.h"

enum { BLOCK_BYTES = 512, PERMISSION_BITS = 0777 };

struct header {
	char name[100];
	char mode[8], uid[8], gid[8];
	char size[12], modified[12];
	char checksum[8];
	char type;
	char link_name[100];
	char magic[6], version[2];
	char owner[32], group[32];
	char device_major[8], device_minor[8];
	char prefix[155];
	char padding[12];
};

static_assert(sizeof(struct header) == BLOCK_BYTES, "a ustar header is one block");

enum { TYPE_FILE = '0', TYPE_FILE_OLD = '\0', TYPE_DIRECTORY = '5' };

struct reader {
	const uint8_t *data;
	size_t size;
	size_t at;               /* offset of the next header */
	struct archive *archive; /* takes the error */
};

static status_t fail(struct reader *reader, const char *what)
{
	format(reader->archive->error, sizeof(reader->archive->error),
	       "boot archive, offset %zu of %zu: %s", reader->at, reader->size, what);
	return STATUS_EINVAL;
}

/* Octal digits, spaces before them, a space or NUL and nothing else behind them. */
static bool parse_octal(const char *field, size_t len, uint64_t *out)
{
	uint64_t value = 0;
	size_t i = 0;
	size_t first;

	while (i < len && field[i] == ' ') {
		i++;
	}
	for (first = i; i < len && field[i] >= '0' && field[i] <= '7'; i++) {
		value = value * 8 + (uint64_t)(field[i] - '0');
	}
	if (i == first) {
		return false;
	}
	for (; i < len; i++) {
		if (field[i] != ' ' && field[i] != '\0') {
			return false;
		}
	}
	*out = value;
	return true;
}

/* Of a header's bytes, eight at a time: in four lanes of 16 bits, two bytes a word in each. */
static uint64_t sum_of(const struct header *header)
{
	const uint64_t every_other = 0x00ff00ff00ff00fful;
	uint64_t lanes = 0, word;

	static_assert(sizeof(*header) / sizeof(word) * 2 * UINT8_MAX <= UINT16_MAX, "no carry");
	for (size_t at = 0; at < sizeof(*header); at += sizeof(word)) {
		__builtin_memcpy(&word, (const uint8_t *)header + at, sizeof(word));
		lanes += (word & every_other) + (word >> 8 & every_other);
	}
	return (lanes & UINT16_MAX) + (lanes >> 16 & UINT16_MAX) + (lanes >> 32 & UINT16_MAX) +
	       (lanes >> 48);
}

/* The sum of all bytes, those of the checksum itself counted as spaces. */
static bool checksum_is_right(const struct header *header)
{
	uint64_t stated;
	uint64_t sum = sum_of(header);

	for (size_t i = 0; i < sizeof(header->checksum); i++) {
		sum += ' ';
		sum -= (uint8_t)header->checksum[i];
	}
	return parse_octal(header->checksum, sizeof(header->checksum), &stated) && stated == sum;
}

static bool block_is_zero(const uint8_t *block)
{
	for (size_t i = 0; i < BLOCK_BYTES; i++) {
		if (block[i] != 0) {
			return false;
		}
	}
	return true;
}

/* Joins the two parts of the name. False when it does not fit. */
static bool join_name(const struct header *header, char *name)
{
	size_t prefix_len = strnlen(header->prefix, sizeof(header->prefix));
	size_t name_len = strnlen(header->name, sizeof(header->name));
	int len;

	len = format(name, ARCHIVE_NAME_BYTES, "%.*s%s%.*s", (int)prefix_len, header->prefix,
		     prefix_len > 0 ? "/" : "", (int)name_len, header->name);
	return len < ARCHIVE_NAME_BYTES;
}

/* Printable, relative, and no component is empty, "." or "..". */
static bool name_is_plain(const char *name)
{
	size_t component_len = 0;

	for (;; name++) {
		if (*name == '/' || *name == '\0') {
			const char *component = name - component_len;

			if (component_len == 0 || (component_len == 1 && component[0] == '.') ||
			    (component_len == 2 && component[0] == '.' && component[1] == '.')) {
				return false;
			}
			if (*name == '\0') {
				return true;
			}
			component_len = 0;
		} else if (*name <= ' ' || *name > '~') {
			return false;
		} else {
			component_len++;
		}
	}
}

/* Checks everything that the header says and moves behind the data. */
static status_t read_member(struct reader *reader, char *type, struct archive_entry *out)
{
	const struct header *header = (const struct header *)(reader->data + reader->at);
	size_t left = reader->size - reader->at - BLOCK_BYTES;
	uint64_t size;
	uint64_t mode;

	if (!checksum_is_right(header)) {
		return fail(reader, "the header's checksum is wrong");
	}
	if (memcmp(header->magic, "ustar", sizeof(header->magic)) ||
	    memcmp(header->version, "00", 2)) {
		return fail(reader, "not a ustar header");
	}
	if (!parse_octal(header->size, sizeof(header->size), &size) ||
	    !parse_octal(header->mode, sizeof(header->mode), &mode)) {
		return fail(reader, "the size or the mode is no octal number");
	}
	/* Twelve octal digits at most: rounding up cannot wrap. */
	if (align_up(size, BLOCK_BYTES) > left) {
		return fail(reader, "the file's data is cut off");
	}
	*type = header->type;
	if (header->type == TYPE_FILE || header->type == TYPE_FILE_OLD) {
		if (!join_name(header, out->name) || !name_is_plain(out->name)) {
			return fail(reader, "the name is too long, not relative, or not plain");
		}
	} else if (header->type != TYPE_DIRECTORY) {
		return fail(reader, "neither a file nor a directory");
	}
	out->data = reader->data + reader->at + BLOCK_BYTES;
	out->size_bytes = size;
	out->mode = mode & PERMISSION_BITS;
	reader->at += BLOCK_BYTES + align_up(size, BLOCK_BYTES);
	return STATUS_OK;
}

/* Finds the next file. *found is false at the end of the archive: two blocks of zeros. */
static status_t read_file(struct reader *reader, struct archive_entry *out, bool *found)
{
	for (;;) {
		char type;
		status_t status;

		if (reader->size - reader->at < 2 * BLOCK_BYTES) {
			return fail(reader,
				    "cut off: the two blocks of zeros at the end are missing");
		}
		if (block_is_zero(reader->data + reader->at)) {
			*found = false;
			return block_is_zero(reader->data + reader->at + BLOCK_BYTES)
				       ? STATUS_OK
				       : fail(reader, "one block of zeros where two must be");
		}
		status = read_member(reader, &type, out);
		if (status || type != TYPE_DIRECTORY) {
			*found = true;
			return status;
		}
	}
}

status_t archive_count(const void *data, size_t size_bytes, unsigned *nr_files, struct archive *out)
{
	struct reader reader = { .data = data, .size = size_bytes, .archive = out };
	struct archive_entry entry;
	unsigned nr = 0;

	*out = (struct archive){ 0 };
	for (;;) {
		bool found;

		if (read_file(&reader, &entry, &found)) {
			return STATUS_EINVAL;
		}
		if (!found) {
			break;
		}
		if (++nr > ARCHIVE_FILES_MAX) {
			return fail(&reader, "too many files");
		}
	}
	if (nr == 0) {
		return fail(&reader, "there is no file in it");
	}
	*nr_files = nr;
	return STATUS_OK;
}

static bool has_name(const struct archive_entry *entries, unsigned nr, const char *name)
{
	for (unsigned i = 0; i < nr; i++) {
		if (!strcmp(entries[i].name, name)) {
			return true;
		}
	}
	return false;
}

status_t archive_mount(const void *data, size_t size_bytes, struct archive_entry *entries,
		       unsigned max_entries, struct archive *out)
{
	struct reader reader = { .data = data, .size = size_bytes, .archive = out };
	struct archive_entry entry;
	bool is_sorted = true; /* then each name is distinct from all before it */
	unsigned nr = 0;

	*out = (struct archive){ 0 };
	for (;;) {
		bool found;

		if (read_file(&reader, &entry, &found)) {
			return STATUS_EINVAL;
		}
		if (!found) {
			break;
		}
		is_sorted &= !nr || strcmp(entries[nr - 1].name, entry.name) < 0;
		if (nr == max_entries) {
			return fail(&reader, "more files than the index has room for");
		}
		if (!is_sorted && has_name(entries, nr, entry.name)) {
			format(out->error, sizeof(out->error),
			       "boot archive: two files are called %s", entry.name);
			return STATUS_EINVAL;
		}
		entries[nr++] = entry;
	}
	if (nr == 0) {
		return fail(&reader, "there is no file in it");
	}
	out->entries = entries;
	out->nr_entries = nr;
	return STATUS_OK;
}

const struct archive_entry *archive_find(const struct archive *archive, const char *path)
{
	while (*path == '/') {
		path++;
	}
	for (unsigned i = 0; i < archive->nr_entries; i++) {
		if (!strcmp(archive->entries[i].name, path)) {
			return &archive->entries[i];
		}
	}
	return NULL;
}
