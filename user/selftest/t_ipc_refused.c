/* Calls between processes that the kernel refuses. */
#include <stdint.h>
#include <string.h>

#include "child.h"
#include "tap.h"

static const struct bw_message six = { .words = { 1, 22, 333, 4444, 55555, 0xffffffffffffffff } };

static void test_refused(void)
{
	static const long handles[] = { 3, 15, 16, 1000, -1, 1L << 32, INT64_MIN };
	struct bw_message message = six;
	bool all = true;

	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
		all = bw_ipc_call(handles[i], &message) == -EBADF &&
		      bw_ipc_receive(handles[i], &message) == -EBADF &&
		      bw_ipc_reply_receive(handles[i], &message) == -EBADF && all;
	}
	tap_ok(all, "handles that are none are refused");
	tap_ok(memcmp(&message, &six, sizeof(six)) == 0, "and the words stay as they were");
}

static int use_up(void *unused)
{
	long endpoint;
	int nr = 0;

	(void)unused;
	while ((endpoint = bw_endpoint_create()) >= 0) {
		if (endpoint != nr++) {
			return 1;
		}
	}
	return endpoint == -EMFILE && nr == 16 ? 0 : 2;
}

int main(void)
{
	test_refused();
	tap_is(child_run(use_up, NULL), 0, "a process has sixteen endpoints at most");
	return tap_done();
}
