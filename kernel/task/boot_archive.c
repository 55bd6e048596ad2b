/* Keeps the index of the boot archive, sealed. */
#include "task/boot_archive.h"

#include "core/log.h"
#include "mm/pmalloc.h"

/* In a sealed pool; set once, while one CPU runs and no program does. */
RO_AFTER_INIT static const struct archive *archive;
RO_AFTER_INIT static const void *bytes;
RO_AFTER_INIT static size_t nr_bytes;

static status_t refuse(const struct archive *refused, status_t status)
{
	log_print("bulwark: the boot archive is refused: %s\n",
		  status == STATUS_ENOMEM ? "no memory for its index" : refused->error);
	return status;
}

/* The index and what leads to it, in one pool. A failure rolls it back. */
static status_t index_build(const void *data, size_t size_bytes, unsigned nr_files,
			    struct archive *found)
{
	const struct pool *pool;
	void *entries, *kept;
	status_t status = pmalloc_create_pool("boot archive", POOL_RO, 0, 0, &pool);

	if (status) {
		return status;
	}
	status = pmalloc_array(pool, nr_files, sizeof(struct archive_entry), &entries);
	if (status == STATUS_OK) {
		status = archive_mount(data, size_bytes, entries, nr_files, found);
	}
	if (status == STATUS_OK) {
		status = pmalloc(pool, sizeof(*found), &kept);
	}
	if (status == STATUS_OK) {
		*(struct archive *)kept = *found;
		status = pmalloc_protect_pool(pool);
	}
	if (status == STATUS_OK) {
		status = pmalloc_claim_pool(pool);
	}
	if (status) {
		return pmalloc_destroy_pool(pool) ? STATUS_EINVAL : status;
	}
	archive = kept;
	return STATUS_OK;
}

status_t boot_archive_mount(const void *data, size_t size_bytes)
{
	struct archive found = { 0 };
	unsigned nr_files;
	status_t status = archive_count(data, size_bytes, &nr_files, &found);

	bytes = data;
	nr_bytes = size_bytes;
	if (status == STATUS_OK) {
		status = index_build(data, size_bytes, nr_files, &found);
	}
	return status ? refuse(&found, status) : STATUS_OK;
}

size_t boot_archive_bytes(const void **data)
{
	*data = bytes;
	return nr_bytes;
}

const struct archive_entry *boot_archive_find(const char *path)
{
	return archive_find(archive, path);
}

bool boot_archive_index(const struct archive_entry *entry, unsigned *out)
{
	uint64_t offset = (uint64_t)entry - (uint64_t)archive->entries;

	*out = (unsigned)(offset / sizeof(*entry));
	return offset % sizeof(*entry) == 0 && offset / sizeof(*entry) < archive->nr_entries;
}

const struct archive_entry *boot_archive_entry(uint64_t index)
{
	return index < archive->nr_entries ? &archive->entries[index] : NULL;
}

unsigned boot_archive_count(void) { return archive->nr_entries; }
