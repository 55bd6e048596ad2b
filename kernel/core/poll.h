/* What a waiting CPU does meanwhile: serves the requests of others, so that no two waits can block
 * each other. */
#pragma once

/* Set by mm/tlb.c once there is something to serve. */
extern void (*poll_hook)(void);

static inline void poll_requests(void)
{
	if (poll_hook) {
		poll_hook();
	}
}
