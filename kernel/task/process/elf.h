/*
 * Static ELF programs, checked from end to end before anything is mapped: 64-bit, x86-64, ET_EXEC.
 * What comes out (mm/gate/half/program.h) can be mapped without a further check of addresses or
 * offsets.
 */
#pragma once

#include "lib/status.h"
#include "mm/gate/half/program.h"

enum { ELF_HEADERS_MAX = 64 };

/*
 * ENOEXEC: not a program we run; ENOMEM: more than 1 GiB of segments. out->error then says why, the
 * rest is void.
 */
status_t elf_parse(const void *file, size_t size_bytes, struct elf_image *out) MUST_CHECK;
