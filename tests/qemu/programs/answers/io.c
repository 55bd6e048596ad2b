/* read, write, readv, writev, close, ioctl: of a terminal. */
#include "say.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static char buffer[PAGE];

static void say_write(void)
{
	char *hole = before_hole(1);
	char *lines = malloc(6000);

	memset(lines, '\n', 6000);
	SAY(read, "descriptor -1", -1, buffer, 1);
	SAY(read, "a descriptor that is not open, wrong address", 63, KERNEL_ADDRESS, 1);
	SAY(read, "nothing, null", 0, NULL, 0);
	SAY(read, "nothing, kernel address", 0, KERNEL_ADDRESS, 0);
	SAY(read, "kernel address", 0, KERNEL_ADDRESS, 1);
	SAY(read, "length -1", 0, buffer, -1);
	SAY(read, "descriptor with a high half, nothing", HIGH(0), buffer, 0);
	SAY(read, "descriptor 63 with a high half", HIGH(63), buffer, 1);
	SAY(write, "nothing, null", 1, NULL, 0);
	SAY(write, "nothing, kernel address", 1, KERNEL_ADDRESS, 0);
	SAY(write, "nothing, the end of user space", 1, USER_END, 0);
	SAY(write, "null", 1, NULL, 1);
	SAY(write, "kernel address", 1, KERNEL_ADDRESS, 1);
	SAY(write, "length -1", 1, buffer, -1);
	SAY(write, "length -1 from null", 1, NULL, -1);
	SAY(write, "range that wraps", 1, -PAGE, 2 * PAGE);
	SAY(write, "range past user space", 1, USER_END - PAGE, 2 * PAGE);
	SAY(write, "a descriptor that is not open", 99, KERNEL_ADDRESS, 1);
	SAY(write, "descriptor with a high half", HIGH(1), "\n", 1);
	SAY(write, "descriptor 0", 0, "\n", 1);
	SAY(write, "descriptor 2", 2, "\n", 1);
	memset(hole - 8, '\n', 8);
	SAY(write, "the last bytes before a hole", 1, hole - 1, 1);
	SAY(write, "into a hole", 1, hole - 1, 2);
	memset(hole - PAGE, '\n', PAGE);
	SAY(write, "a chunk before a hole, and half of one", 1, hole - 3000, 3100);
	SAY(write, "one byte more than a chunk before a hole", 1, hole - 2049, 2050);
	SAY(write, "three chunks", 1, lines, 6000);
	SAY(close, "a descriptor that is not open", 99);
	SAY(close, "-1", -1);
	free(lines);
}

static void say_poll(void)
{
	struct pollfd output = { .fd = 1, .events = POLLOUT }, unasked = { .fd = 1 };
	struct pollfd closed = { .fd = 99, .events = POLLIN },
		      none = { .fd = -1, .events = POLLIN };

	SAY(poll, "nothing", NULL, 0, 0);
	SAY(poll, "nothing, kernel address", KERNEL_ADDRESS, 0, 0);
	SAY(poll, "nothing, a number with a high half", NULL, HIGH(0), 0);
	SAY(poll, "kernel address", KERNEL_ADDRESS, 1, 0);
	SAY(poll, "null", NULL, 1, 0);
	SAY(poll, "the terminal, for output", &output, 1, -1);
	say("poll", "what is found of it", output.revents);
	SAY(poll, "the terminal, for nothing", &unasked, 1, 0);
	SAY(poll, "a descriptor that is not open", &closed, 1, -1);
	say("poll", "what is found of that", closed.revents);
	SAY(poll, "descriptor -1", &none, 1, 1);
	say("poll", "what is found of none", none.revents);
	SAY(poll, "as many as no number", &none, -1, 0);
}

static void say_writev(void)
{
	char *hole = before_hole(1);
	struct iovec empty[3] = { { NULL, 0 }, { "\n\n\n", 3 }, { NULL, 0 } };
	struct iovec then_kernel[2] = { { "\n", 1 }, { (void *)KERNEL_ADDRESS, 1 } };
	struct iovec then_negative[2] = { { "\n", 1 }, { buffer, (size_t)-1 } };
	struct iovec then_null[2] = { { "\n", 1 }, { (void *)8, 1 } };
	struct iovec kernel_negative[2] = { { (void *)KERNEL_ADDRESS, 1 }, { buffer, (size_t)-1 } };
	struct iovec nothing_kernel[1] = { { (void *)KERNEL_ADDRESS, 0 } };
	struct iovec many[3] = { { "\n", 1 }, { hole, 0 }, { "\n", 1 } };

	*(struct iovec *)(hole - 16) = (struct iovec){ "\n", 1 };
	SAY(writev, "none, null", 1, NULL, 0);
	SAY(writev, "-1", 1, empty, -1);
	SAY(writev, "1025", 1, empty, 1025);
	SAY(writev, "null", 1, NULL, 1);
	SAY(writev, "kernel address", 1, KERNEL_ADDRESS, 1);
	SAY(writev, "a descriptor that is not open, 1025", 99, empty, 1025);
	SAY(writev, "empty ones around one", 1, empty, 3);
	SAY(writev, "one, then a kernel address", 1, then_kernel, 2);
	SAY(writev, "one, then a negative length", 1, then_negative, 2);
	SAY(writev, "one, then null", 1, then_null, 2);
	SAY(writev, "a kernel address, then a negative length", 1, kernel_negative, 2);
	SAY(writev, "nothing at a kernel address", 1, nothing_kernel, 1);
	SAY(writev, "nothing of a hole between", 1, many, 3);
	SAY(writev, "the last vector in a hole", 1, hole - 16, 2);
	SAY(writev, "a count with a high half", 1, empty, HIGH(1));
	SAY(writev, "descriptor with a high half", HIGH(1), many, 3);
	SAY(readv, "none, null", 0, NULL, 0);
	SAY(readv, "-1", 0, empty, -1);
	SAY(readv, "a kernel address", 0, then_kernel, 2);
	SAY(readv, "a negative length", 0, then_negative, 2);
	SAY(readv, "nothing", 0, nothing_kernel, 0);
	SAY(readv, "a descriptor that is not open", 63, then_negative, 2);
}

static void say_ioctl(void)
{
	SAY(ioctl, "a descriptor that is not open", 99, 0x5401, buffer);
	SAY(ioctl, "an unknown request", 1, 0x9999, buffer);
	SAY(ioctl, "TIOCGPGRP, null", 1, 0x540f, NULL);
	SAY(ioctl, "FIONREAD", 0, 0x541b, buffer);
	SAY(ioctl, "TCGETS", 1, 0x5401, buffer);
	SAY(ioctl, "TCGETS, null", 1, 0x5401, NULL);
	SAY(ioctl, "TCGETS with a high half", HIGH(1), HIGH(0x5401), buffer);
	SAY(ioctl, "TIOCGWINSZ, kernel address", 1, 0x5413, KERNEL_ADDRESS);
	SAY(ioctl, "TCSETS, null", 1, 0x5402, NULL);
}

void say_io(void)
{
	say_write();
	say_poll();
	say_writev();
	say_ioctl();
}
