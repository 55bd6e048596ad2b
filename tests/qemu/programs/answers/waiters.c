/* futex: whom it wakes, and how many. */
#define _GNU_SOURCE
#include "say.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NR = 4,
	WAIT = 0,
	WAKE = 1,
	REQUEUE = 3,
	CMP_REQUEUE = 4,
	WAIT_BITSET = 9,
	WAKE_BITSET = 10,
	PRIVATE = 128
};

static uint32_t word, other, *shared;
static pthread_t threads[NR];
static int operation;

/* Thread i waits for bit i, where there are bits. */
static void *wait_here(void *number)
{
	CALL(SYS_futex, &word, operation, 0, NULL, NULL, 1u << (int)(long)number);
	return NULL;
}

static void begin(int how)
{
	operation = how;
	word = 0;
	for (long i = 0; i < NR; i++) {
		pthread_create(&threads[i], NULL, wait_here, (void *)i);
		usleep(10000); /* in this order */
	}
	usleep(30000);
}

/* Wakes those that are left, wherever they wait. */
static void end(void)
{
	word = 1;
	for (int i = 0; i < NR; i++) {
		CALL(SYS_futex, &word, WAKE | PRIVATE, 1000);
		CALL(SYS_futex, &word, WAKE, 1000);
		CALL(SYS_futex, &other, WAKE | PRIVATE, 1000);
		usleep(5000);
	}
	for (int i = 0; i < NR; i++) {
		pthread_join(threads[i], NULL);
	}
}

#define WITH_WAITERS(how, what, ...)                                                               \
	do {                                                                                       \
		begin(how);                                                                        \
		SAY(futex, what, __VA_ARGS__);                                                     \
		end();                                                                             \
	} while (0)

static void say_counts(void)
{
	WITH_WAITERS(WAIT | PRIVATE, "wake 0 of four", &word, WAKE | PRIVATE, 0);
	WITH_WAITERS(WAIT | PRIVATE, "wake -1 of four", &word, WAKE | PRIVATE, -1);
	WITH_WAITERS(WAIT | PRIVATE, "wake 2 of four", &word, WAKE | PRIVATE, 2);
	WITH_WAITERS(WAIT | PRIVATE, "wake 100 of four", &word, WAKE | PRIVATE, 100);
	WITH_WAITERS(WAIT | PRIVATE, "wake 2^32 of four", &word, WAKE | PRIVATE, HIGH(0));
	WITH_WAITERS(WAIT | PRIVATE, "wake private waiters, shared", &word, WAKE, 100);
	WITH_WAITERS(WAIT, "wake shared waiters, private", &word, WAKE | PRIVATE, 100);
	WITH_WAITERS(WAIT, "wake shared waiters, shared", &word, WAKE, 100);
	WITH_WAITERS(WAIT_BITSET | PRIVATE, "wake by two bits", &word, WAKE_BITSET | PRIVATE, 100,
		     NULL, NULL, 6);
	WITH_WAITERS(WAIT_BITSET | PRIVATE, "wake by two bits, 0", &word, WAKE_BITSET | PRIVATE, 0,
		     NULL, NULL, 6);
	WITH_WAITERS(WAIT | PRIVATE, "wake by one bit who waits for all", &word,
		     WAKE_BITSET | PRIVATE, 100, NULL, NULL, 8);
}

static void say_moves(void)
{
	begin(WAIT | PRIVATE);
	SAY(futex, "requeue, wake 1, move 2", &word, REQUEUE | PRIVATE, 1, 2, &other, 0);
	SAY(futex, "requeue, who is left", &word, WAKE | PRIVATE, 100);
	SAY(futex, "requeue, who was moved", &other, WAKE | PRIVATE, 100);
	end();
	begin(WAIT | PRIVATE);
	SAY(futex, "requeue by value, wake 1, move 1", &word, CMP_REQUEUE | PRIVATE, 1, 1, &other,
	    0);
	SAY(futex, "requeue by value, who is left", &word, WAKE | PRIVATE, 100);
	SAY(futex, "requeue by value, who was moved", &other, WAKE | PRIVATE, 100);
	end();
	begin(WAIT | PRIVATE);
	SAY(futex, "requeue, wake 0, move 0", &word, REQUEUE | PRIVATE, 0, 0, &other, 0);
	end();
	WITH_WAITERS(WAIT | PRIVATE, "requeue to itself, move 10", &word, REQUEUE | PRIVATE, 0, 10,
		     &word, 0);
	WITH_WAITERS(WAIT | PRIVATE, "requeue to itself, wake 1, move 10", &word, REQUEUE | PRIVATE,
		     1, 10, &word, 0);
}

static void wait_shared(void) { _exit(CALL(SYS_futex, shared, WAIT, 0, NULL) == 0 ? 1 : 2); }
static void wait_private(void)
{
	struct {
		long s, ns;
	} soon = { 0, 100000000 };

	_exit(CALL(SYS_futex, shared, WAIT | PRIVATE, 0, &soon) == 0 ? 1 : 2);
}

static void say_between(void)
{
	int pid, status;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	SAY(futex, "wake on shared memory that was never touched", shared, WAKE, 1);
	pid = child(wait_shared);
	usleep(60000);
	SAY(futex, "wake another process", shared, WAKE, 1);
	waitpid(pid, &status, 0);
	say_status("futex", "it was woken", status);
	pid = child(wait_private);
	usleep(30000);
	SAY(futex, "wake another process, private", shared, WAKE | PRIVATE, 1);
	waitpid(pid, &status, 0);
	say_status("futex", "it was not", status);
	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	SAY(futex, "wake on shared memory that can only be read", shared, WAKE, 1);
	mprotect(shared, PAGE, PROT_NONE);
	SAY(futex, "wake on shared memory that cannot be touched", shared, WAKE, 1);
	SAY(futex, "the same, private", shared, WAKE | PRIVATE, 1);
}

void say_waiters(void)
{
	say_counts();
	say_moves();
	say_between();
}
