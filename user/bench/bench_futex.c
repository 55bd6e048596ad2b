/* Futex ping-pong: two processes hand a word to each other through shared memory. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "raw_call.h"

/* Linux's. */
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 };

enum turn { TURN_OURS, TURN_PARTNERS };

static uint32_t *word;
static pid_t partner;

/* As the locks of a C library call it, with no function between. */
static inline long futex(int operation, uint32_t value)
{
	const uint64_t arguments[6] = { (uint64_t)word, (uint64_t)operation, value };

	return raw_call(SYS_futex, arguments);
}

static void hand_over(enum turn to)
{
	__atomic_store_n(word, to, __ATOMIC_SEQ_CST);
	futex(FUTEX_WAKE, 1);
}

static void wait_for(enum turn turn)
{
	uint32_t other = turn == TURN_OURS ? TURN_PARTNERS : TURN_OURS;

	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) != turn) {
		futex(FUTEX_WAIT, other);
	}
}

static const char *setup(const struct bench_figure *figure)
{
	(void)figure;
	word = mmap(NULL, sizeof(*word), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (word == MAP_FAILED) {
		return "no shared memory";
	}
	*word = TURN_OURS;
	if (futex(FUTEX_WAKE, 1) < 0) {
		return "futex failed";
	}
	partner = fork();
	while (partner == 0) {
		wait_for(TURN_PARTNERS);
		hand_over(TURN_OURS);
	}
	return partner < 0 ? "fork failed" : NULL;
}

static bool run(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	for (; nr > 0; nr--) {
		hand_over(TURN_PARTNERS);
		wait_for(TURN_OURS);
	}
	return true;
}

static void teardown(const struct bench_figure *figure)
{
	(void)figure;
	kill(partner, SIGKILL);
	waitpid(partner, NULL, 0);
}

static const struct bench_figure figures[] = {
	{
		.name = "futex",
		.brief = "wake the other process, wait for its answer",
		.setup = setup,
		.run = run,
		.teardown = teardown,
	},
};

int main(int argc, char *argv[])
{
	static const struct bench_program program = {
		.name = "bench_futex",
		.brief = "A round trip between two processes through a futex.",
		.figures = figures,
		.nr_figures = sizeof(figures) / sizeof(figures[0]),
	};

	return bench_main(argc, argv, &program);
}
