/* Keeps the index of the boot archive, sealed. */
#include "task/process/boot_archive.h"

#include "core/log.h"
#include "lib/string.h"
#include "mm/pool/pmalloc.h"
#include "task/process/elf.h"

/* In a sealed pool; set once, while one CPU runs and no program does. */
RO_AFTER_INIT static const struct archive *archive;
RO_AFTER_INIT static const struct program_file *programs; /* by the files' indices */
RO_AFTER_INIT static const void *bytes;
RO_AFTER_INIT static size_t nr_bytes;

static status_t refuse(const struct archive *refused, status_t status)
{
	log_print("bulwark: the boot archive is refused: %s\n",
		  status == STATUS_ENOMEM ? "no memory for its index" : refused->error);
	return status;
}

/* Without room for segments that it has not. */
static status_t image_keep(const struct pool *pool, const struct elf_image *image, void **out)
{
	size_t size = offsetof(struct elf_image, segments) +
		      image->nr_segments * sizeof(image->segments[0]);
	status_t status = pmalloc(pool, size, out);

	if (status == STATUS_OK) {
		memcpy(*out, image, size);
	}
	return status;
}

static status_t programs_build(const struct pool *pool, const struct archive *from,
			       struct program_file *out)
{
	struct elf_image image;
	status_t status = STATUS_OK;

	for (unsigned i = 0; i < from->nr_entries && status == STATUS_OK; i++) {
		const struct archive_entry *file = &from->entries[i];
		void *kept;

		out[i].bytes = file->data;
		out[i].refusal = elf_parse(file->data, file->size_bytes, &image);
		if (out[i].refusal) {
			image.nr_segments = 0;
		}
		status = image_keep(pool, &image, &kept);
		out[i].image = kept;
	}
	return status;
}

/* The index and what leads to it, in one pool. A failure rolls it back. */
static status_t index_build(const void *data, size_t size_bytes, unsigned nr_files,
			    struct archive *found)
{
	const struct pool *pool;
	void *entries, *files, *kept;
	status_t status = pmalloc_create_pool("boot archive", POOL_RO, 0, 0, &pool);

	if (status) {
		return status;
	}
	status = pmalloc_array(pool, nr_files, sizeof(struct archive_entry), &entries);
	if (status == STATUS_OK) {
		status = archive_mount(data, size_bytes, entries, nr_files, found);
	}
	if (status == STATUS_OK) {
		status = pmalloc_array(pool, nr_files, sizeof(struct program_file), &files);
	}
	if (status == STATUS_OK) {
		status = programs_build(pool, found, files);
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
	programs = files;
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

const struct program_file *boot_archive_program(const struct archive_entry *entry)
{
	return &programs[entry - archive->entries];
}

const struct archive_entry *boot_archive_entry(uint64_t index)
{
	return index < archive->nr_entries ? &archive->entries[index] : NULL;
}

unsigned boot_archive_count(void) { return archive->nr_entries; }
