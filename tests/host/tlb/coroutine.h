/* Stacks to run a simulated CPU on; one thread of the host switches between them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { COROUTINE_STACK_BYTES = 8192 };

struct coroutine {
	uint64_t rsp; /* while it does not run; everything else is on its stack, from rsp up */
	unsigned char *stack; /* 16-byte aligned */
};

/* body must never return. It starts at the first coroutine_switch to it. */
void coroutine_init(struct coroutine *coroutine, unsigned char *stack, void (*body)(void));
/* Saves the running context in *save_rsp and continues the one that load_rsp was saved for. */
void coroutine_switch(uint64_t *save_rsp, uint64_t load_rsp);
