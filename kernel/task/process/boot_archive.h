/*
 * The boot archive of this machine: where programs come from. Mounted once, read-only from then on.
 */
#pragma once

#include "lib/status.h"
#include "mm/gate/half/program.h"
#include "task/process/archive.h"

/* The data stays where it is, and nothing writes there any more (authority=off: nothing should).
 * EINVAL with a message in the log: damaged; ENOMEM. */
status_t boot_archive_mount(const void *data, size_t size_bytes) MUST_CHECK;

/* All of it: where, and how long. */
size_t boot_archive_bytes(const void **data);
const struct archive_entry *boot_archive_find(const char *path);
/* The index of a file. False: that is no file of the archive. */
bool boot_archive_index(const struct archive_entry *entry, unsigned *out);
/* What a file is as a program. */
const struct program_file *boot_archive_program(const struct archive_entry *entry);
/* By index; NULL past the last. */
const struct archive_entry *boot_archive_entry(uint64_t index);
unsigned boot_archive_count(void); /* at least one */
