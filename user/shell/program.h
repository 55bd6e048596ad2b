/* Running programs of the boot archive, and explaining how they ended. */
#pragma once

#include "bulwark.h"

enum program_user {
	PROGRAM_AS_USER, /* uid 1000 */
	PROGRAM_AS_ROOT, /* uid 0 */
};

/*
 * The name under which an archive file can be run; NULL where it is no program. Points into the
 * entry.
 */
const char *program_name(const struct bw_archive_entry *entry);

/*
 * Blocks. Runs bin/NAME with these arguments in the foreground. Tells how it ended, where that was
 * not by itself, and what the kernel makes of it, where it used a vulnerable call. The status: its
 * own, or STATUS_SIGNAL + signal, STATUS_NOT_FOUND, STATUS_NOT_EXECUTABLE.
 */
int program_run(char *const argv[], enum program_user user);
/*
 * Blocks. Runs bin/NAME likewise, with one more environment variable ("NAME=VALUE"), and says
 * nothing about its end. The wait status, or -1 where it could not be started.
 */
int program_run_with(char *const argv[], enum program_user user, char *variable);
