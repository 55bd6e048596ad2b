/* Address spaces that become a program of the boot archive, step by step. */
#pragma once

#include "gate_calls.h"
#include "mm/gate/current/credential.h"
#include "mm/gate/half/program.h"
#include "task/process/boot_archive.h"

#define TEST_RSP (PROGRAM_STACK_TOP - PAGE_SIZE)

static inline unsigned program_index(const char *path)
{
	unsigned index = 0;

	(void)boot_archive_index(boot_archive_find(path), &index);
	return index;
}

static inline unsigned segment_rights(const struct elf_segment *segment)
{
	return RIGHT_READ | (segment->rights & ELF_WRITE ? RIGHT_WRITE : 0) |
	       (segment->rights & ELF_EXECUTE ? RIGHT_EXECUTE : 0);
}

/* The region of a segment, and its first pages there. */
static inline status_t segment_map(struct as *as, const struct elf_segment *segment,
				   unsigned nr_there)
{
	uint64_t start = align_down(segment->start.uva, PAGE_SIZE);
	uint64_t end = align_up(segment->start.uva + segment->len_bytes, PAGE_SIZE);
	uva_t at;
	status_t status = as_map(as, AS_MAP_FIXED_NOREPLACE, start, end - start,
				 segment_rights(segment), 0, &at);

	for (unsigned i = 0; i < nr_there && status == STATUS_OK; i++) {
		status = as_fault(as, (uva_t){ start + i * PAGE_SIZE }, segment_rights(segment));
	}
	return status;
}

/* A stack with one page, where words begin at TEST_RSP. */
static inline status_t stack_map(struct as *as, const uint64_t *words, unsigned nr)
{
	uva_t at;
	status_t status =
		as_map(as, AS_MAP_FIXED_NOREPLACE, PROGRAM_STACK_TOP - PROGRAM_STACK_BYTES,
		       PROGRAM_STACK_BYTES, RIGHT_READ | RIGHT_WRITE, 0, &at);

	return status ? status : as_write(as, (uva_t){ TEST_RSP }, words, nr * sizeof(*words));
}

/* All that the program begins with but the auxiliary vector. */
static inline status_t program_make(const char *path, struct as **out)
{
	static const uint64_t no_arguments[3];
	const struct program_file *file = boot_archive_program(boot_archive_find(path));
	status_t status = as_create_for(program_index(path), out);

	if (status) {
		return status;
	}
	for (unsigned i = 0; i < file->image->nr_segments && status == STATUS_OK; i++) {
		const struct elf_segment *segment = &file->image->segments[i];

		status = segment_map(*out, segment, 0);
		if (status == STATUS_OK) {
			status = as_load(*out, segment, file->bytes);
		}
	}
	if (status == STATUS_OK) {
		status = stack_map(*out, no_arguments, ARRAY_SIZE(no_arguments));
	}
	if (status) {
		as_put(*out);
	}
	return status;
}
