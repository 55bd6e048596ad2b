/* execve: a new program in an old process. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/*
 * Goes to user mode with the new program. Returns only on failure, with the process as it was:
 * ENOENT, ENOTDIR, EACCES, ENOEXEC, ENOMEM, E2BIG, EFAULT, ENAMETOOLONG; EINTR: the
 * caller must end. Other threads of the process end first, once nothing can fail any more. Blocks.
 */
status_t exec_from_user(uva_t path, uva_t argv, uva_t envp) MUST_CHECK;

/* The same for a process that has no program yet; argv is the program's name alone. */
status_t exec_first(const char *path) MUST_CHECK;
