/* futex: what it refuses, and calls that find no waiter. */
#include "say.h"

#include <sys/mman.h>
#include <time.h>

enum {
	WAIT = 0,
	WAKE = 1,
	REQUEUE = 3,
	CMP_REQUEUE = 4,
	WAIT_BITSET = 9,
	WAKE_BITSET = 10,
	PRIVATE = 128,
	REALTIME = 256
};

static uint32_t word, other;
static struct timespec soon = { 0, 1000000 }, negative = { 0, -1 }, before = { -1, 0 };

static void say_waits(void)
{
	char *unaligned = (char *)&word + 1;

	SAY(futex, "wait for another value", &word, WAIT | PRIVATE, 1, NULL);
	SAY(futex, "wait, unaligned", unaligned, WAIT | PRIVATE, 0, NULL);
	SAY(futex, "wait, unaligned, another value", unaligned, WAIT | PRIVATE, 77, NULL);
	SAY(futex, "wait at null", NULL, WAIT | PRIVATE, 0, NULL);
	SAY(futex, "wait at a kernel address", KERNEL_ADDRESS, WAIT | PRIVATE, 0, NULL);
	SAY(futex, "wait at an unaligned kernel address", KERNEL_ADDRESS + 1, WAIT | PRIVATE, 0,
	    NULL);
	SAY(futex, "wait until a timeout", &word, WAIT | PRIVATE, 0, &soon);
	SAY(futex, "wait, shared, until a timeout", &word, WAIT, 0, &soon);
	SAY(futex, "wait, a timeout of negative nanoseconds", &word, WAIT | PRIVATE, 0, &negative);
	SAY(futex, "wait, a timeout of negative seconds", &word, WAIT | PRIVATE, 0, &before);
	SAY(futex, "wait, a timeout at null but 8", &word, WAIT | PRIVATE, 0, 8);
	SAY(futex, "wait for another value, a wrong timeout", &word, WAIT | PRIVATE, 1, &negative);
	SAY(futex, "wait, unaligned, a wrong timeout", unaligned, WAIT | PRIVATE, 0, &negative);
	SAY(futex, "wait by the time of day", &word, WAIT | PRIVATE | REALTIME, 0, &soon);
	SAY(futex, "wait by the time of day, a wrong timeout", &word, WAIT | PRIVATE | REALTIME, 0,
	    &negative);
	SAY(futex, "wait for no bit", &word, WAIT_BITSET | PRIVATE, 0, NULL, NULL, 0);
	SAY(futex, "wait for no bit, unaligned", unaligned, WAIT_BITSET | PRIVATE, 0, NULL, NULL,
	    0);
	SAY(futex, "wait until what has passed", &word, WAIT_BITSET | PRIVATE, 0, &soon, NULL, -1);
	SAY(futex, "wait until a time of day that has passed", &word,
	    WAIT_BITSET | PRIVATE | REALTIME, 0, &soon, NULL, -1);
	SAY(futex, "wait for a value with a high half", &word, WAIT | PRIVATE, HIGH(0), &soon);
	SAY(futex, "an operation with a high half", &word, HIGH(WAIT | PRIVATE), 1, NULL);
}

static void say_wakes(void)
{
	char *unaligned = (char *)&word + 1;

	SAY(futex, "wake nobody", &word, WAKE | PRIVATE, 1);
	SAY(futex, "wake, unaligned", unaligned, WAKE | PRIVATE, 1);
	SAY(futex, "wake at null", NULL, WAKE | PRIVATE, 1);
	SAY(futex, "wake at null, shared", NULL, WAKE, 1);
	SAY(futex, "wake at a kernel address", KERNEL_ADDRESS, WAKE | PRIVATE, 1);
	SAY(futex, "wake in a hole", HOLE, WAKE | PRIVATE, 1);
	SAY(futex, "wake in a hole, shared", HOLE, WAKE, 1);
	SAY(futex, "wake by the time of day", &word, WAKE | PRIVATE | REALTIME, 1);
	SAY(futex, "wake by no bit", &word, WAKE_BITSET | PRIVATE, 1, NULL, NULL, 0);
	SAY(futex, "wake by no bit, unaligned", unaligned, WAKE_BITSET | PRIVATE, 1, NULL, NULL, 0);
	SAY(futex, "wake by no bit, null", NULL, WAKE_BITSET | PRIVATE, 1, NULL, NULL, 0);
	SAY(futex, "wake, a wrong timeout that is none", &word, WAKE | PRIVATE, 1, 8);
}

static void say_requeues(void)
{
	char *unaligned = (char *)&other + 1;

	SAY(futex, "requeue nobody", &word, REQUEUE | PRIVATE, 1, 1, &other, 0);
	SAY(futex, "requeue, wake -1", &word, REQUEUE | PRIVATE, -1, 1, &other, 0);
	SAY(futex, "requeue, move -1", &word, REQUEUE | PRIVATE, 1, -1, &other, 0);
	SAY(futex, "requeue, to an unaligned word", &word, REQUEUE | PRIVATE, 1, 1, unaligned, 0);
	SAY(futex, "requeue, to null", &word, REQUEUE | PRIVATE, 1, 1, NULL, 0);
	SAY(futex, "requeue, to a kernel address", &word, REQUEUE | PRIVATE, 1, 1, KERNEL_ADDRESS,
	    0);
	SAY(futex, "requeue from a hole, shared", HOLE, REQUEUE, 1, 1, &other, 0);
	SAY(futex, "requeue, of another value", &word, CMP_REQUEUE | PRIVATE, 1, 1, &other, 9);
	SAY(futex, "requeue, of this value", &word, CMP_REQUEUE | PRIVATE, 1, 1, &other, 0);
	SAY(futex, "requeue, of another value, wake -1", &word, CMP_REQUEUE | PRIVATE, -1, 1,
	    &other, 9);
	SAY(futex, "requeue, of another value, to an unaligned word", &word, CMP_REQUEUE | PRIVATE,
	    1, 1, unaligned, 9);
	SAY(futex, "requeue, of another value, to a kernel address", &word, CMP_REQUEUE | PRIVATE,
	    1, 1, KERNEL_ADDRESS, 9);
	SAY(futex, "requeue, of a value at null", NULL, CMP_REQUEUE | PRIVATE, 1, 1, &other, 0);
}

static void say_operations(void)
{
	SAY(futex, "FUTEX_FD", &word, 2, 0);
	SAY(futex, "operation 14", &word, 14, 0);
	SAY(futex, "operation 127", &word, 127, 0);
	SAY(futex, "FUTEX_WAKE_OP", &word, 5 | PRIVATE, 1, 1, &other, 0);
	SAY(futex, "FUTEX_LOCK_PI", &word, 6 | PRIVATE, 0, NULL);
	SAY(futex, "FUTEX_UNLOCK_PI", &word, 7 | PRIVATE, 0);
	SAY(futex, "FUTEX_TRYLOCK_PI", &word, 8 | PRIVATE, 0, NULL);
	word = other = 0;
	SAY(futex, "FUTEX_WAIT_REQUEUE_PI", &word, 11 | PRIVATE, 1, &soon, &other, 0);
	SAY(futex, "FUTEX_CMP_REQUEUE_PI", &word, 12 | PRIVATE, 1, 0, &other, 0);
	SAY(futex, "FUTEX_LOCK_PI2", &other, 13 | PRIVATE, 0, NULL);
	other = 0;
	SAY(futex, "requeue by the time of day", &word, REQUEUE | PRIVATE | REALTIME, 1, 1, &other,
	    0);
	SAY(futex, "a flag that there is not", &word, WAKE | PRIVATE | 512, 1);
	SAY(futex, "operation -1", &word, -1, 1);
}

static void say_places(void)
{
	char *zeros = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	SAY(futex, "wake at the last word of user space", USER_END - 4, WAKE | PRIVATE, 1);
	SAY(futex, "wake at the end of user space", USER_END, WAKE | PRIVATE, 1);
	SAY(futex, "wait where nobody has written, nor can, private", zeros, WAIT | PRIVATE, 0,
	    &soon);
	SAY(futex, "wait where nobody has written, nor can", zeros, WAIT, 0, &soon);
	SAY(futex, "wake where nobody has written, nor can", zeros, WAKE, 1);
	SAY(futex, "wait in PROT_NONE", none, WAIT, 0, &soon);
	SAY(futex, "wait in PROT_NONE, private", none, WAIT | PRIVATE, 0, &soon);
	SAY(futex, "wake in PROT_NONE", none, WAKE, 1);
	SAY(futex, "wake in PROT_NONE, private", none, WAKE | PRIVATE, 1);
}

void say_futex(void)
{
	say_waits();
	say_wakes();
	say_requeues();
	say_operations();
	say_places();
}
