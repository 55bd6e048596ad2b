/*
 * What bench_ipc needs of the endpoint calls. Negative errno values tell of failure; -ENOSYS makes
 * the benchmark skip.
 */
#pragma once

#include "bulwark.h"

/* A new endpoint, usable in this process and in those forked from it. */
static inline long ipc_hook_create(void) { return bw_endpoint_create(); }

/* Blocks. Sends one word to the endpoint and returns the word of the reply. */
static inline long ipc_hook_call(long endpoint, long word)
{
	struct bw_message message = { .words = { (uint64_t)word } };
	long result = bw_ipc_call(endpoint, &message);

	return result < 0 ? result : (long)message.words[0];
}

/* Blocks. Answers calls for ever, each with the word that came plus one; returns only an error. */
static inline long ipc_hook_serve(long endpoint)
{
	struct bw_message message = { .page = NULL };
	long result = bw_ipc_receive(endpoint, &message);

	while (result >= 0) {
		message.words[0]++;
		result = bw_ipc_reply_receive(endpoint, &message);
	}
	return result;
}
