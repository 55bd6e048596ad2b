/* What several scenarios' programs do. */
#pragma once

#include "lib/status.h"
#include "scenario.h"

/* Processes have these pids: process N of a scenario FIRST_PID + N. */
enum { FIRST_PID = 2 };

/* SIGKILL, from outside. */
void kill_process(unsigned number);
/* Programs that kill process 0, 1. */
void kill_first(void);
void kill_second(void);

/* Is one whose wait may be given up as its thread must end. */
static inline bool is_ended(status_t status)
{
	return status == STATUS_EINTR && thread_must_exit();
}
