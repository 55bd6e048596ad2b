/* The IPC round trip: a call to another address space and its reply. Bulwark only. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "bench/ipc_hook.h"

static long endpoint;
static pid_t server;

static const char *setup(const struct bench_figure *figure)
{
	(void)figure;
	if (!bench_is_bulwark()) {
		return "only Bulwark has endpoints";
	}
	endpoint = ipc_hook_create();
	if (endpoint < 0) {
		return endpoint == -ENOSYS ? "this kernel has no endpoints" : "no endpoint";
	}
	server = fork();
	if (server == 0) {
		ipc_hook_serve(endpoint);
		_exit(1);
	}
	return server < 0 ? "fork failed" : NULL;
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
};

int main(int argc, char *argv[])
{
	static const struct bench_program program = {
		.name = "bench_ipc",
		.brief = "A round trip between two address spaces through an endpoint.",
		.figures = figures,
		.nr_figures = sizeof(figures) / sizeof(figures[0]),
	};

	return bench_main(argc, argv, &program);
}
