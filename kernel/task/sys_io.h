/* Waiting for the console. */
#pragma once

/* Hooks the console's readers up. */
void console_calls_init(void);
