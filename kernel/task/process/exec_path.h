/* Paths of programs, as execve has them. */
#pragma once

#include "lib/status.h"

struct archive_entry;

/*
 * The program of this path, with ".", ".." and empty parts as Linux has them; changes the path.
 * ENOENT; ENOTDIR: a part but the last is a file; EACCES: a folder, or a file that is no program;
 * ENAMETOOLONG: a part.
 */
status_t exec_path_find(char *path, const struct archive_entry **out) MUST_CHECK;
