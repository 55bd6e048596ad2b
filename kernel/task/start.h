/* From booting to running. */
#pragma once

#include <stddef.h>

struct boot_info;

enum { EXIT_STATUS_NO_ARCHIVE = 123 };

/*
 * Mounts the boot archive, starts the other processors, then bin/init as the first process and runs
 * it. The archive's memory stays as it is. Powers off with EXIT_STATUS_NO_ARCHIVE when the archive
 * is refused or holds no such program.
 */
_Noreturn void task_start(const struct boot_info *info, const void *archive, size_t size_bytes);
