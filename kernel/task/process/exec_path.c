/* Resolves paths. */
#include "task/process/exec_path.h"

#include "lib/string.h"
#include "task/process/boot_archive.h"

enum { PART_BYTES_MAX = 255, MODE_EXECUTE = 0111 };

static const char *part_end(const char *part)
{
	while (*part && *part != '/') {
		part++;
	}
	return part;
}

/* Is there anything in the folder of this path? The root has no name. */
static bool is_folder(const char *path, size_t len_bytes)
{
	const struct archive_entry *entry;

	for (uint64_t i = 0; len_bytes && (entry = boot_archive_entry(i)); i++) {
		if (!strncmp(entry->name, path, len_bytes) && entry->name[len_bytes] == '/') {
			return true;
		}
	}
	return len_bytes == 0;
}

/* Removes the last part of a path of len_bytes; its length then. */
static size_t without_last(const char *path, size_t len_bytes)
{
	while (len_bytes && path[len_bytes - 1] != '/') {
		len_bytes--;
	}
	return len_bytes ? len_bytes - 1 : 0;
}

/* Appends a part to path[0 .. len_bytes), which is a folder; the result is never longer than what
 * was read. */
static size_t append(char *path, size_t len_bytes, const char *part, size_t part_bytes)
{
	if (len_bytes) {
		path[len_bytes++] = '/';
	}
	for (size_t i = 0; i < part_bytes; i++) {
		path[len_bytes++] = part[i];
	}
	return len_bytes;
}

static bool is_parent(const char *part, size_t part_bytes)
{
	return part_bytes == 2 && part[0] == '.' && part[1] == '.';
}

static status_t folder_check(char *path, size_t len_bytes)
{
	char next = path[len_bytes];
	status_t status = STATUS_OK;

	if (!is_folder(path, len_bytes)) {
		path[len_bytes] = '\0';
		status = boot_archive_find(path) ? STATUS_ENOTDIR : STATUS_ENOENT;
		path[len_bytes] = next;
	}
	return status;
}

/* Makes the path in place what the boot archive calls the file. */
static status_t resolve(char *path)
{
	const char *part = path, *end;
	size_t len = 0;

	if (!*path) {
		return STATUS_ENOENT;
	}
	for (; *part; part = end) {
		size_t part_bytes;
		status_t status;

		end = part_end(part);
		part_bytes = (size_t)(end - part);
		while (*end == '/') {
			end++;
		}
		/* what precedes a part must be a folder, also if that part is "." or nothing */
		status = folder_check(path, len);
		if (status || part_bytes > PART_BYTES_MAX) {
			return status ? status : STATUS_ENAMETOOLONG;
		}
		if (is_parent(part, part_bytes)) {
			len = without_last(path, len);
		} else if (part_bytes > 1 || (part_bytes == 1 && *part != '.')) {
			len = append(path, len, part, part_bytes);
		}
		/* a slash at the end asks for a folder */
		if (!*end && end[-1] == '/') {
			status = folder_check(path, len);
			if (status) {
				return status;
			}
		}
	}
	path[len] = '\0';
	return is_folder(path, len) ? STATUS_EACCES : STATUS_OK;
}

status_t exec_path_find(char *path, const struct archive_entry **out)
{
	const struct archive_entry *file = boot_archive_find(path);

	/* mostly it is written as the archive has it */
	if (!file) {
		status_t status = resolve(path);

		if (status) {
			return status;
		}
		file = boot_archive_find(path);
	}
	if (!file) {
		return STATUS_ENOENT;
	}
	*out = file;
	return file->mode & MODE_EXECUTE ? STATUS_OK : STATUS_EACCES;
}
