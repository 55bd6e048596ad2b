/* sources: tests/host/inter/machine.c tests/host/inter/hooks.c tests/host/inter/kernel.c
 *          tests/host/inter/rest.c tests/host/inter/state.c tests/host/inter/still.c
 *          tests/host/inter/explore.c tests/host/inter/transitions.c
 *          tests/host/inter/describe.c tests/host/inter/scenario.c
 *          tests/host/inter/programs.c tests/host/inter/scenarios_sched.c
 *          tests/host/inter/scenarios_futex.c tests/host/inter/scenarios_exit.c
 *          tests/host/inter/scenarios_ipc.c tests/host/tlb/coroutine.c
 *          kernel/task/sched/sched.c kernel/task/sched/run_queue.c kernel/task/sched/idle.c
 * kernel/task/sched/thread.c kernel/task/ipc/futex.c kernel/task/ipc/futex_walk.c
 * kernel/task/ipc/futex_word.c kernel/task/sched/wait.c kernel/task/sched/timer.c
 *          kernel/task/ipc/ipc.c kernel/task/ipc/ipc_wait.c kernel/task/ipc/endpoint.c
 *          kernel/task/process/process.c kernel/task/process/process_end.c
 * kernel/task/process/signal.c kernel/task/sched/call_pieces.c kernel/task/process/pid.c
 * kernel/task/process/fork.c kernel/task/process/clone.c kernel/core/lock.c kernel/core/cpu.c
 * -fno-sanitize=thread
 */
/* flags: -O2 -fno-sanitize=all -fsanitize=thread -Wno-tsan -iquote tests/host/inter/fake */

/*
 * Scheduler, futexes, wait queues, IPC and exit in every schedule of small scenarios:
 * docs/threads.md says what is looked for. `interleavings PATTERN` runs those whose name matches
 * it; the schedule of one that fails is printed.
 */
#include <fnmatch.h>

#include "inter/explore.h"
#include "tap.h"

enum { SECONDS_MAX = 600 };

/* In a process of its own: a scenario begins with all variables as they are at first. */
static bool run_apart(const struct scenario *scenario)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(SECONDS_MAX);
		struct explored explored = explore(scenario);

		if (explored.problem) {
			diag("%s", explored.problem);
			explore_print(diag);
		}
		diag("%s%lu states, %lu steps, %lu ends", explored.is_cut ? "not all: " : "",
		     (unsigned long)explored.nr_states, (unsigned long)explored.nr_steps,
		     (unsigned long)explored.nr_ends);
		fflush(stdout);
		_exit(explored.problem || !explored.nr_ends);
	}
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status)) {
		diag("ended by signal %d", WTERMSIG(status));
	}
	return status == 0;
}

int main(int argc, char **argv)
{
	static const struct scenario *const lists[] = { scenarios_sched, scenarios_futex,
							scenarios_exit, scenarios_ipc };
	const char *wanted = argc == 2 ? argv[1] : "";

	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
		for (const struct scenario *one = lists[i]; one->name; one++) {
			if (argc == 2 ? fnmatch(wanted, one->name, 0) == 0
				      : soak(true, !one->is_long)) {
				ok(run_apart(one), "every schedule: %s", one->name);
			}
		}
	}
	return done_testing();
}
