/*
 * What programs of the boot archive begin with. Boot reads the ELF headers of every file once, into
 * protected memory; from that the gate fills the address space of whoever executes one.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"
#include "mm/table/layout.h"

enum { ELF_SEGMENTS_MAX = 16, ELF_HEADER_BYTES = 56 };

/* Readable always; writable and executable never both. */
enum elf_rights { ELF_READ = 0, ELF_WRITE = 1, ELF_EXECUTE = 2 };

/*
 * Bytes [file_offset, file_offset + file_len) go to `start`, zeros follow up to start + len. start
 * and file_offset are equal modulo the page size.
 */
struct elf_segment {
	uva_t start;
	uint64_t len_bytes; /* more than 0 */
	uint64_t file_offset;
	uint64_t file_len_bytes; /* at most len_bytes */
	enum elf_rights rights;
};

struct elf_image {
	uva_t entry;          /* inside of an executable segment */
	uva_t headers;        /* AT_PHDR; 0 when no segment holds the program headers */
	unsigned nr_headers;  /* AT_PHNUM; each has ELF_HEADER_BYTES */
	uva_t end;            /* first page behind the last segment: where the heap may start */
	const char *error;    /* why it was refused */
	unsigned nr_pages;    /* with bytes of the file */
	unsigned nr_segments; /* at least 1 */
	struct elf_segment segments[ELF_SEGMENTS_MAX]; /* by address; no two on one page */
};

static inline uint64_t segment_nr_file_pages(const struct elf_segment *segment)
{
	uint64_t start = align_down(segment->start.uva, PAGE_SIZE);

	return segment->file_len_bytes
		       ? (align_up(segment->start.uva + segment->file_len_bytes, PAGE_SIZE) -
			  start) >>
				 PAGE_SHIFT
		       : 0;
}

/* A file of the boot archive, by its index. */
struct program_file {
	const uint8_t *bytes;
	const struct elf_image *image; /* without segments: it does not run, image->error */
	status_t refusal;              /* why: elf.h */
};

/* Every program's stack; 1 GiB is left for it above the segments. */
enum { PROGRAM_STACK_BYTES = 1 << 20, PROGRAM_STACK_GUARD_BYTES = 1 << 16 };
#define PROGRAM_STACK_TOP (USER_TOP - PROGRAM_STACK_GUARD_BYTES)
#define PROGRAM_SEGMENTS_TOP (USER_TOP - (1ul << 30))
/* Its last bytes are random. */
enum { PROGRAM_RANDOM_BYTES = 16 };

/*
 * The auxiliary vector, which the gate writes behind the pointers to arguments and environment
 * (System V ABI for AMD64, "Initial Stack and Register State"). So many words are left for it.
 */
enum { AUXILIARY_WORDS = 28 };
