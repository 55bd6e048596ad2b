/*
 * Static ELF programs, checked from end to end before anything is mapped: 64-bit, x86-64, ET_EXEC.
 * What comes out can be mapped without a further check of addresses or offsets.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

enum { ELF_SEGMENTS_MAX = 16, ELF_HEADERS_MAX = 64, ELF_HEADER_BYTES = 56 };

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
	struct elf_segment segments[ELF_SEGMENTS_MAX]; /* by address; no two on one page */
	unsigned nr_segments;                          /* at least 1 */
	uva_t entry;                                   /* inside of an executable segment */
	uva_t headers;       /* AT_PHDR; 0 when no segment holds the program headers */
	unsigned nr_headers; /* AT_PHNUM; each has ELF_HEADER_BYTES */
	uva_t end;           /* first page behind the last segment: where the heap may start */
	const char *error;   /* why it was refused */
};

/*
 * ENOEXEC: not a program we run; ENOMEM: more than 1 GiB of segments. out->error then says why, the
 * rest is void.
 */
status_t elf_parse(const void *file, size_t size_bytes, struct elf_image *out) MUST_CHECK;
