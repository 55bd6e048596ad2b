/*
 * What bench_ipc needs of the endpoint calls. Negative errno values tell of failure; -ENOSYS makes
 * the benchmark skip.
 */
#pragma once

#include <errno.h>

/* A new endpoint, usable in this process and in those forked from it. */
static inline long ipc_hook_create(void) { return -ENOSYS; }

/* Blocks. Sends one word to the endpoint and returns the word of the reply. */
static inline long ipc_hook_call(long endpoint, long word)
{
	(void)endpoint;
	(void)word;
	return -ENOSYS;
}

/* Blocks. Answers calls for ever, each with the word that came plus one; returns only an error. */
static inline long ipc_hook_serve(long endpoint)
{
	(void)endpoint;
	return -ENOSYS;
}
