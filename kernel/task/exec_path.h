/* Paths of programs, as execve has them. */
#pragma once

#include "lib/status.h"

/*
 * Makes the path in place what the boot archive calls the file: without slashes in front, ".", ".."
 * and empty parts. ENOENT; ENOTDIR: a part but the last is a file; EACCES: a folder, or a file that
 * is no program; ENAMETOOLONG: a part.
 */
status_t exec_path_resolve(char *path) MUST_CHECK;
