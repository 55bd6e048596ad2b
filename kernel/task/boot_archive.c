/* Keeps the index of the boot archive. */
#include "task/boot_archive.h"

#include "core/log.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"

/* Written once, while one CPU runs and no program does. */
static RO_AFTER_INIT struct archive archive;

static status_t refuse(const struct archive *refused, status_t status)
{
	log_print("bulwark: the boot archive is refused: %s\n",
		  status == STATUS_ENOMEM ? "no memory for its index" : refused->error);
	return status;
}

status_t boot_archive_mount(const void *data, size_t size_bytes)
{
	struct archive found = { 0 };
	unsigned nr_files, order = 0;
	pfn_t index;
	status_t status = archive_count(data, size_bytes, &nr_files, &found);

	if (status) {
		return refuse(&found, status);
	}
	while (((size_t)PAGE_SIZE << order) < nr_files * sizeof(struct archive_entry)) {
		order++;
	}
	status = frame_alloc_zeroed(OWNER_KERNEL, order, &index);
	if (status == STATUS_OK) {
		status = archive_mount(data, size_bytes, direct_map_pointer(index), nr_files,
				       &found);
	}
	if (status) {
		return refuse(&found, status);
	}
	archive = found;
	return STATUS_OK;
}

const struct archive_entry *boot_archive_find(const char *path)
{
	return archive_find(&archive, path);
}

const struct archive_entry *boot_archive_entry(uint64_t index)
{
	return index < archive.nr_entries ? &archive.entries[index] : NULL;
}
