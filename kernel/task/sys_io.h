/* Waiting for the console. */
#pragma once

/* Hooks the console's readers up. */
void console_calls_init(void);
/* They look again whether there is something, and whether the console is still theirs. */
void console_wake_readers(void);
