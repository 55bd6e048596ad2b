/* Calls between processes: words arrive, partners that die are noticed. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cpus.h"
#include "tap.h"

enum { NR_ROUNDS = 1000, NR_ROUNDS_LONG = 5000, NR_CLIENTS = 12, NR_CALLS = 300, EXIT_RIGHT = 21 };

static uint64_t nr_rounds;

static const struct bw_message six = { .words = { 1, 22, 333, 4444, 55555, 0xffffffffffffffff } };

/* Answers each word with its complement; the word 0 first ends it. */
static int serve(long endpoint)
{
	struct bw_message message = { .page = NULL };
	long pid = bw_ipc_receive(endpoint, &message);

	while (pid >= 0 && message.words[0] != 0) {
		for (int i = 0; i < BW_NR_WORDS; i++) {
			message.words[i] = ~message.words[i];
		}
		pid = bw_ipc_reply_receive(endpoint, &message);
	}
	return pid < 0 ? (int)-pid : 0;
}

static pid_t start_server(long endpoint, int cpu)
{
	pid_t server = fork();

	if (server == 0) {
		cpus_pin(cpu);
		_exit(serve(endpoint));
	}
	return server;
}

static bool call_right(long endpoint, uint64_t first)
{
	struct bw_message message = six;

	message.words[0] = first;
	if (bw_ipc_call(endpoint, &message) != 0) {
		return false;
	}
	for (int i = 0; i < BW_NR_WORDS; i++) {
		if (message.words[i] != ~(i == 0 ? first : six.words[i])) {
			return false;
		}
	}
	return message.page == NULL;
}

/* Round trips to a server on a processor of its own, or on the same one. */
static int round_trips(void *server_cpu)
{
	long endpoint = bw_endpoint_create();
	struct bw_message end = { .words = { 0 } };
	pid_t server;

	cpus_pin(0);
	server = start_server(endpoint, (int)(intptr_t)server_cpu);
	for (uint64_t i = 1; i <= nr_rounds; i++) {
		if (!call_right(endpoint, i)) {
			return 1;
		}
	}
	/* it leaves without a reply */
	return bw_ipc_call(endpoint, &end) == -EPIPE && child_wait(server) == 0 ? 0 : 2;
}

static int anywhere(void *unused)
{
	long endpoint = bw_endpoint_create();
	pid_t server = fork();

	(void)unused;
	if (server == 0) {
		_exit(serve(endpoint));
	}
	for (uint64_t i = 1; i <= nr_rounds; i++) {
		if (!call_right(endpoint, i)) {
			return 1;
		}
	}
	kill(server, SIGKILL);
	return child_signal(child_wait(server)) == SIGKILL ? 0 : 2;
}

static int client(long endpoint, int nth)
{
	for (uint64_t i = 1; i <= NR_CALLS; i++) {
		if (!call_right(endpoint, i * NR_CLIENTS + (uint64_t)nth)) {
			return 1;
		}
	}
	return 0;
}

static void *serve_thread(void *endpoint)
{
	return (void *)(intptr_t)serve((long)(intptr_t)endpoint);
}

/* Many clients, several threads that serve; all clients gone, the servers learn it. */
static int many(void *nr_servers)
{
	long endpoint = bw_endpoint_create();
	pid_t clients[NR_CLIENTS];
	pthread_t servers[4];
	int nr = (int)(intptr_t)nr_servers;
	bool all = true;

	for (int i = 0; i < NR_CLIENTS; i++) {
		clients[i] = fork();
		if (clients[i] == 0) {
			_exit(client(endpoint, i));
		}
	}
	for (int i = 0; i < nr; i++) {
		pthread_create(&servers[i], NULL, serve_thread, (void *)(intptr_t)endpoint);
	}
	for (int i = 0; i < NR_CLIENTS; i++) {
		all = child_wait(clients[i]) == 0 && all;
	}
	return all ? 0 : 1;
}

static void *call_thread(void *endpoint)
{
	for (uint64_t i = 1; i <= NR_CALLS; i++) {
		if (!call_right((long)(intptr_t)endpoint, i)) {
			return (void *)1;
		}
	}
	return NULL;
}

/* Client and server are threads of one process. */
static int threads(void *unused)
{
	long endpoint = bw_endpoint_create();
	pthread_t server, caller;
	void *result;

	(void)unused;
	pthread_create(&server, NULL, serve_thread, (void *)(intptr_t)endpoint);
	pthread_create(&caller, NULL, call_thread, (void *)(intptr_t)endpoint);
	pthread_join(caller, &result);
	return result == NULL ? 0 : 1;
}

static int alone(void *unused)
{
	long endpoint = bw_endpoint_create();
	struct bw_message message = six;

	(void)unused;
	return bw_ipc_call(endpoint, &message) == -EPIPE &&
			       bw_ipc_receive(endpoint, &message) == -EPIPE
		       ? 0
		       : 1;
}

/* The partner dies: before it has taken the call, with the call in hand, and while we receive. */
static int server_never_receives(void *unused)
{
	long endpoint = bw_endpoint_create();
	struct bw_message message = six;

	(void)unused;
	if (fork() == 0) {
		usleep(30000);
		_exit(0);
	}
	return bw_ipc_call(endpoint, &message) == -EPIPE ? 0 : 1;
}

static int server_dies(void *how)
{
	long endpoint = bw_endpoint_create();
	struct bw_message message = six;
	pid_t bystander = fork(); /* holds the endpoint, so that we are not alone with it */
	pid_t server;
	bool all;

	if (bystander == 0) {
		pause();
		usleep(20000000);
		_exit(0);
	}
	server = fork();
	if (server == 0) {
		bw_ipc_receive(endpoint, &message);
		usleep(20000);
		if (how == NULL) {
			_exit(0);
		}
		raise(SIGKILL);
	}
	all = bw_ipc_call(endpoint, &message) == -EPIPE && child_wait(server) >= 0;
	/* nobody serves any more */
	all = bw_ipc_call(endpoint, &message) == -EPIPE && all;
	kill(bystander, SIGKILL);
	child_wait(bystander);
	return all ? 0 : 1;
}

/* A server that is gone leaves a queue of clients. */
static int queue_of_clients(void *unused)
{
	long endpoint = bw_endpoint_create();
	pid_t clients[NR_CLIENTS], server;
	struct bw_message message = six;
	bool all = true;

	(void)unused;
	server = fork();
	if (server == 0) {
		bw_ipc_receive(endpoint, &message);
		usleep(50000);
		_exit(0);
	}
	for (int i = 0; i < NR_CLIENTS; i++) {
		clients[i] = fork();
		if (clients[i] == 0) {
			_exit(bw_ipc_call(endpoint, &message) == -EPIPE ? EXIT_RIGHT : 1);
		}
	}
	for (int i = 0; i < NR_CLIENTS; i++) {
		all = child_exit_code(child_wait(clients[i])) == EXIT_RIGHT && all;
	}
	return all && child_wait(server) == 0 ? 0 : 1;
}

static int clients_die(void *unused)
{
	long endpoint = bw_endpoint_create();
	struct bw_message message = six;
	pid_t child = fork();
	long pid;

	(void)unused;
	if (child == 0) {
		bw_ipc_call(endpoint, &message);
		_exit(1);
	}
	pid = bw_ipc_receive(endpoint, &message);
	kill(child, SIGKILL);
	if (pid != child || child_signal(child_wait(child)) != SIGKILL) {
		return 1;
	}
	/* the reply goes nowhere, and nobody is left to call */
	return bw_ipc_reply_receive(endpoint, &message) == -EPIPE ? 0 : 2;
}

/* Calls that nobody replied to, because the server received again. */
static int not_replied(void *unused)
{
	long endpoint = bw_endpoint_create();
	struct bw_message message = six;
	pid_t server = fork();

	(void)unused;
	if (server == 0) {
		bw_ipc_receive(endpoint, &message);
		bw_ipc_receive(endpoint, &message);
		_exit(0);
	}
	return bw_ipc_call(endpoint, &message) == -EPIPE &&
			       bw_ipc_call(endpoint, &message) == -EPIPE && child_wait(server) == 0
		       ? 0
		       : 1;
}

/* A server that asks another one. */
static int chain(void *unused)
{
	long first = bw_endpoint_create(), second = bw_endpoint_create();
	struct bw_message message = six;
	pid_t middle, last = start_server(second, 0);
	bool right;

	(void)unused;
	middle = fork();
	if (middle == 0) {
		bw_ipc_receive(first, &message);
		for (;;) {
			if (bw_ipc_call(second, &message) != 0) {
				_exit(1);
			}
			bw_ipc_reply_receive(first, &message);
		}
	}
	right = call_right(first, 99) && call_right(first, 100);
	kill(middle, SIGKILL);
	kill(last, SIGKILL);
	child_wait(middle);
	child_wait(last);
	return right ? 0 : 1;
}

int main(int argc, char **argv)
{
	(void)argv;
	nr_rounds = (uint64_t)tap_rounds(argc, NR_ROUNDS, NR_ROUNDS_LONG);
	tap_is(child_run(round_trips, (void *)0), 0, "all six words go there and back");
	tap_is(child_run(round_trips, (void *)(intptr_t)(cpus_count() - 1)), 0,
	       "also from one processor to another");
	tap_is(child_run(anywhere, NULL), 0, "and wherever the server happens to run");
	tap_is(child_run(threads, NULL), 0, "and within a process");
	tap_is(child_run(many, (void *)1), 0, "many clients, one server");
	tap_is(child_run(many, (void *)4), 0, "many clients, four servers");
	tap_is(child_run(chain, NULL), 0, "a server may call another");
	tap_is(child_run(alone, NULL), 0, "who is alone is told so");
	tap_is(child_run(server_never_receives, NULL), 0, "a server that never comes is noticed");
	tap_is(child_run(server_dies, NULL), 0, "a server that ends is noticed");
	tap_is(child_run(server_dies, &main), 0, "a server that is killed is noticed");
	tap_is(child_run(queue_of_clients, NULL), 0, "all who wait for it learn it");
	tap_is(child_run(clients_die, NULL), 0, "a client that dies is noticed");
	tap_is(child_run(not_replied, NULL), 0, "a call without a reply fails");
	return tap_done();
}
