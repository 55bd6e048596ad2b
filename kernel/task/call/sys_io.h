/* The console, for other calls. */
#pragma once

#include "lib/types.h"

/* Who waits for the console: to have something to read, or to be another job's. */
extern struct wait_queue console_readers;

/* Hooks the console's readers up. */
void console_calls_init(void);
/* They look again whether there is something, and whether the console is still theirs. */
void console_wake_readers(void);

/* Is this descriptor of the current process open? Its upper half is not looked at. */
bool descriptor_is_open(uint64_t fd);
