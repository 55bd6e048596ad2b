/* The IPC round trip: a call to another address space, or another thread, and its reply. Bulwark
 * only. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "bench/ipc_hook.h"

static long endpoint;
static pid_t server;

static const char *endpoint_make(void)
{
	if (!bench_is_bulwark()) {
		return "only Bulwark has endpoints";
	}
	endpoint = ipc_hook_create();
	if (endpoint < 0) {
		return endpoint == -ENOSYS ? "this kernel has no endpoints" : "no endpoint";
	}
	return NULL;
}

static const char *setup(const struct bench_figure *figure)
{
	const char *why_not = endpoint_make();

	(void)figure;
	if (why_not) {
		return why_not;
	}
	server = fork();
	if (server == 0) {
		ipc_hook_serve(endpoint);
		_exit(1);
	}
	return server < 0 ? "fork failed" : NULL;
}

static void *serve(void *unused)
{
	ipc_hook_serve(endpoint);
	return unused;
}

/* The thread goes with the process. */
static const char *setup_thread(const struct bench_figure *figure)
{
	const char *why_not = endpoint_make();
	pthread_t thread;

	(void)figure;
	if (why_not) {
		return why_not;
	}
	return pthread_create(&thread, NULL, serve, NULL) ? "no thread" : NULL;
}

static bool run(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	for (; nr > 0; nr--) {
		if (ipc_hook_call(endpoint, 1) != 2) {
			return false;
		}
	}
	return true;
}

static void teardown(const struct bench_figure *figure)
{
	(void)figure;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

static const struct bench_figure figures[] = {
	{
		.name = "ipc",
		.brief = "call and reply between two address spaces",
		.setup = setup,
		.run = run,
		.teardown = teardown,
	},
	{
		.name = "ipc_threads",
		.brief = "call and reply between two threads of one address space",
		.setup = setup_thread,
		.run = run,
	},
};

int main(int argc, char *argv[])
{
	static const struct bench_program program = {
		.name = "bench_ipc",
		.brief = "A round trip through an endpoint, between address spaces and within one.",
		.figures = figures,
		.nr_figures = sizeof(figures) / sizeof(figures[0]),
	};

	return bench_main(argc, argv, &program);
}
