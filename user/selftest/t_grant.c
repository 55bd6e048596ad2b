/* Page grants: a page changes hands, and has one owner at any time. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cpus.h"
#include "tap.h"

enum { NR_ROUNDS = 500, NR_FILLS = 200, MOST_ALLOCATIONS = 200, EXIT_NO_MEMORY = 3 };

static char *map(size_t nr_bytes, int flags)
{
	return mmap(NULL, nr_bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
}

static uint64_t pfn_of(const void *page)
{
	uint64_t pfn = UINT64_MAX;

	bw_pagemap(page, &pfn);
	return pfn;
}

/* Sends back the page that came, its bytes changed, and tells what the first one was. */
static _Noreturn void serve(long endpoint, int cpu)
{
	char *place = map(BW_PAGE_SIZE, MAP_PRIVATE);
	struct bw_message message = { .place = place };

	cpus_pin(cpu);
	if (bw_ipc_receive(endpoint, &message) < 0) {
		_exit(1);
	}
	for (;;) {
		if (message.page != NULL) {
			message.words[0] = (uint64_t)(unsigned char)place[0];
			message.words[1] = pfn_of(place);
			memset(place, place[0] + 1, BW_PAGE_SIZE);
		}
		if (bw_ipc_reply_receive(endpoint, &message) < 0) {
			_exit(0);
		}
	}
}

static pid_t start_server(long endpoint, int cpu)
{
	pid_t server = fork();

	if (server == 0) {
		serve(endpoint, cpu);
	}
	return server;
}

static bool is_filled(const char *page, char with)
{
	return page[0] == with && memcmp(page, page + 1, BW_PAGE_SIZE - 1) == 0;
}

/* The page goes to the server and comes back elsewhere. */
static bool round_trip(long endpoint, char *page, char *place, char fill)
{
	struct bw_message message = { .page = page, .place = place };
	uint64_t pfn;

	memset(page, fill, BW_PAGE_SIZE);
	pfn = pfn_of(page);
	if (bw_ipc_call(endpoint, &message) != 0 || message.page != place) {
		return false;
	}
	return message.words[0] == (unsigned char)fill && message.words[1] == pfn &&
	       pfn_of(place) == pfn && is_filled(place, (char)(fill + 1)) &&
	       pfn_of(page) == UINT64_MAX && is_filled(page, 0);
}

static int there_and_back(void *server_cpu)
{
	long endpoint = bw_endpoint_create();
	char *page = map(BW_PAGE_SIZE, MAP_PRIVATE), *place = map(BW_PAGE_SIZE, MAP_PRIVATE);
	pid_t server;

	cpus_pin(0);
	server = start_server(endpoint, (int)(intptr_t)server_cpu);
	for (int i = 0; i < NR_ROUNDS; i++) {
		if (!round_trip(endpoint, page, place, (char)i)) {
			return 1;
		}
	}
	kill(server, SIGKILL);
	return child_signal(child_wait(server)) == SIGKILL ? 0 : 2;
}

/* The result of a call that gives this page. */
static long give(long endpoint, void *page)
{
	struct bw_message message = { .page = page };

	return bw_ipc_call(endpoint, &message);
}

static int refused(void *unused)
{
	long endpoint = bw_endpoint_create();
	char *page = map(2 * BW_PAGE_SIZE, MAP_PRIVATE);
	char *shared = map(BW_PAGE_SIZE, MAP_SHARED);
	char *huge = map(BW_HUGE_PAGE_SIZE, MAP_PRIVATE | MAP_HUGETLB);
	bool all;

	(void)unused;
	page[0] = shared[0] = 1;
	mprotect(page + BW_PAGE_SIZE, BW_PAGE_SIZE, PROT_READ);
	start_server(endpoint, 0);
	all = give(endpoint, page + 8) == -EFAULT && give(endpoint, shared) == -EFAULT &&
	      give(endpoint, page + BW_PAGE_SIZE) == -EFAULT &&
	      give(endpoint, (void *)0x1000) == -EFAULT &&
	      give(endpoint, (void *)0xffff888000000000) == -EFAULT &&
	      give(endpoint, (void *)refused) == -EFAULT;
	if (huge != MAP_FAILED) {
		huge[0] = 1;
		all = all && give(endpoint, huge) == -EFAULT && huge[0] == 1;
	}
	return all && page[0] == 1 && shared[0] == 1 ? 0 : 1;
}

/* The server names no place, or a wrong one; then a right one. */
static int no_place(void *unused)
{
	long endpoint = bw_endpoint_create();
	char *page = map(BW_PAGE_SIZE, MAP_PRIVATE);
	struct bw_message message = { .place = NULL };

	(void)unused;
	page[0] = 1;
	if (fork() == 0) {
		char *read_only = map(BW_PAGE_SIZE, MAP_PRIVATE);
		void *const places[] = {
			NULL, (void *)0x1000, page + 1, read_only, (void *)0xffff888000000000, page
		};

		mprotect(read_only, BW_PAGE_SIZE, PROT_READ);
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			message.place = places[i];
			/* a call whose page cannot come does not arrive: the empty one does */
			if (bw_ipc_reply_receive(endpoint, &message) < 0) {
				_exit(1);
			}
		}
		message = (struct bw_message){ .words = { (uint64_t)page[0] } };
		bw_ipc_reply_receive(endpoint, &message);
		_exit(1);
	}
	for (int i = 0; i < 5; i++) {
		if (give(endpoint, page) != -EINVAL || page[0] != 1) {
			return 1;
		}
		if (bw_ipc_call(endpoint, &message) != 0) {
			return 2;
		}
	}
	page[0] = 5;
	message.page = page;
	return bw_ipc_call(endpoint, &message) == 0 && message.words[0] == 5 && page[0] == 0 ? 0
											     : 3;
}

/* A page that a fork left shared is copied first; one that was never touched is zero. */
static int shared_by_fork(void *unused)
{
	long endpoint = bw_endpoint_create();
	char *page = map(2 * BW_PAGE_SIZE, MAP_PRIVATE), *place = map(BW_PAGE_SIZE, MAP_PRIVATE);
	struct bw_message message = { .page = page, .place = place };
	uint64_t pfn;

	(void)unused;
	memset(page, 'P', BW_PAGE_SIZE);
	pfn = pfn_of(page);
	start_server(endpoint, 0);
	if (bw_ipc_call(endpoint, &message) != 0 || message.words[0] != 'P' ||
	    message.words[1] == pfn || !is_filled(place, 'P' + 1)) {
		return 1;
	}
	message = (struct bw_message){ .page = page + BW_PAGE_SIZE, .place = place };
	return bw_ipc_call(endpoint, &message) == 0 && message.words[0] == 0 && is_filled(place, 1)
		       ? 0
		       : 2;
}

/* Another thread writes to the page all the time, on another processor, through its translation. */
static char *volatile written;
static volatile bool stop;

static void *write_on(void *unused)
{
	(void)unused;
	cpus_pin(cpus_count() - 1);
	while (!stop) {
		*(volatile char *)written = 'W';
	}
	return NULL;
}

static _Noreturn void watch(long endpoint)
{
	char *place = map(BW_PAGE_SIZE, MAP_PRIVATE);
	struct bw_message message = { .place = place };
	uint64_t nr_changed = 0;
	long pid = bw_ipc_receive(endpoint, &message);

	while (pid >= 0) {
		memset(place, 'Z', BW_PAGE_SIZE);
		for (int i = 0; i < 2000; i++) {
			nr_changed += *(volatile char *)place != 'Z';
		}
		message = (struct bw_message){ .words = { nr_changed }, .place = place };
		pid = bw_ipc_reply_receive(endpoint, &message);
	}
	_exit(0);
}

static int stale_writer(void *unused)
{
	long endpoint = bw_endpoint_create();
	struct bw_message message = { .page = NULL };
	pthread_t thread;

	(void)unused;
	written = map(BW_PAGE_SIZE, MAP_PRIVATE);
	if (fork() == 0) {
		watch(endpoint);
	}
	pthread_create(&thread, NULL, write_on, NULL);
	for (int i = 0; i < NR_FILLS; i++) {
		message = (struct bw_message){ .page = written };
		if (bw_ipc_call(endpoint, &message) != 0) {
			return 1;
		}
	}
	stop = true;
	pthread_join(thread, NULL);
	return message.words[0] == 0 ? 0 : 2;
}

static void *hold_page(void *page)
{
	cpus_pin(cpus_count() - 1);
	return (void *)bw_vuln_window_hold(page);
}

/* The kernel uses the page for a moment, on another processor, while it changes hands. */
static int while_held(void *unused)
{
	long endpoint = bw_endpoint_create();
	char *page = map(BW_PAGE_SIZE, MAP_PRIVATE), *place = map(BW_PAGE_SIZE, MAP_PRIVATE);
	pthread_t thread;
	void *result = NULL;
	bool all;

	(void)unused;
	start_server(endpoint, 0);
	page[0] = 'P'; /* what the fork left shared would be copied, and the copy given */
	pthread_create(&thread, NULL, hold_page, page);
	cpus_pin(0);
	while (bw_vuln_parked() < 1) {
		sched_yield();
	}
	all = round_trip(endpoint, page, place, 'Q');
	bw_vuln_unpark(true);
	pthread_join(thread, &result);
	return all && result == NULL ? 0 : 1;
}

static void test_while_held(void)
{
	static const char name[] = "a page is given while the kernel uses it";

	if (cpus_count() < 2 || bw_vuln_parked() < 0) {
		tap_skip(name, "needs two processors and vuln=on");
	} else {
		tap_is(child_run(while_held, NULL), 0, name);
	}
}

/* Each allocation on the way fails once; the page is then where it was. */
static int without_memory(void *nth)
{
	long endpoint = bw_endpoint_create(), result;
	char *page = map(BW_PAGE_SIZE, MAP_PRIVATE), *place = map(BW_PAGE_SIZE, MAP_PRIVATE);
	struct bw_message message = { .page = page, .place = place }, nothing = { .page = NULL };

	page[0] = 'P';
	start_server(endpoint, 0);
	/* afterwards it waits, so that our call moves the page */
	bw_ipc_call(endpoint, &nothing);
	bw_fail_allocation(*(unsigned long *)nth);
	result = bw_ipc_call(endpoint, &message);
	bw_fail_allocation(0);
	if (result == -ENOMEM) {
		return page[0] == 'P' ? EXIT_NO_MEMORY : 1;
	}
	return result == 0 && place[0] == 'P' + 1 ? 0 : 2;
}

static void test_without_memory(void)
{
	int code = EXIT_NO_MEMORY;
	unsigned long nth = 0;

	if (bw_fail_allocation(0) < 0) {
		tap_skip("a grant without memory", "needs the boot option ktest=on");
		return;
	}
	while (code == EXIT_NO_MEMORY && nth < MOST_ALLOCATIONS) {
		nth++;
		code = child_exit_code(child_run(without_memory, &nth));
	}
	if (code != 0) {
		tap_note("allocation %lu: exit code %d", nth, code);
	}
	tap_ok(code == 0 && nth > 1, "without memory a grant changes nothing (%lu allocations)",
	       nth - 1);
}

int main(void)
{
	tap_is(child_run(there_and_back, (void *)0), 0, "a page goes there and comes back");
	tap_is(child_run(there_and_back, (void *)(intptr_t)(cpus_count() - 1)), 0,
	       "also to another processor");
	tap_is(child_run(refused, NULL), 0, "what is not a page of one's own is not given");
	tap_is(child_run(no_place, NULL), 0, "nor where it is not taken");
	tap_is(child_run(shared_by_fork, NULL), 0, "what a fork shares is copied first");
	tap_is(child_run(stale_writer, NULL), 0, "who gave a page does not write to it any more");
	test_while_held();
	test_without_memory();
	return tap_done();
}
