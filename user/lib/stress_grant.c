/* Rounds of the stress program in which pages go from one process to another and back. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stress.h"

enum { NR_GRANTS = 40, EXIT_REFUSED = 2 };

/* Where in a page: its mark, the complement, and what a thread of the giver writes all the time. */
enum { WORD_MARK = 0, WORD_SCRIBBLE = 256, WORD_LAST = 511 };

static volatile uint64_t *page_map(void)
{
	void *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

static void page_mark(volatile uint64_t *page, uint64_t mark)
{
	page[WORD_MARK] = mark;
	page[WORD_LAST] = ~mark;
}

static bool page_check(const volatile uint64_t *page, uint64_t mark, const char *whose)
{
	if (page[WORD_MARK] == mark && page[WORD_LAST] == ~mark) {
		return true;
	}
	stress_complain("a page %s holds 0x%lx, 0x%lx in place of the mark 0x%lx", whose,
			page[WORD_MARK], page[WORD_LAST], mark);
	return false;
}

/* What the giver's other thread writes must not arrive any more. */
static bool page_is_ours(volatile uint64_t *page)
{
	uint64_t token = ~(uint64_t)stress_random(1000);

	page[WORD_SCRIBBLE] = token;
	for (unsigned int i = stress_random(4); i > 0; i--) {
		sched_yield();
	}
	if (page[WORD_SCRIBBLE] == token) {
		return true;
	}
	stress_complain("who gave a page away still writes to it");
	return false;
}

/* Takes pages and gives them back with the next mark. */
static int take_pages(long endpoint)
{
	volatile uint64_t *place = page_map();
	struct bw_message message = { .place = (void *)place };
	long result;

	if (place == NULL) {
		return EXIT_REFUSED;
	}
	result = bw_ipc_receive(endpoint, &message);
	while (result >= 0) {
		uint64_t mark = message.words[0];

		if (!page_check(place, mark, "that came") || !page_is_ours(place)) {
			return 1;
		}
		page_mark(place, mark + 1);
		message.page = (void *)place;
		result = bw_ipc_reply_receive(endpoint, &message);
	}
	return result == -EPIPE ? 0 : EXIT_REFUSED;
}

static void *scribble(void *page)
{
	for (;;) {
		((volatile uint64_t *)page)[WORD_SCRIBBLE] = 1;
	}
	return NULL;
}

static int give_pages(long endpoint)
{
	volatile uint64_t *page = page_map(), *place = page_map();
	pthread_t thread;

	if (page == NULL || place == NULL ||
	    pthread_create(&thread, NULL, scribble, (void *)page) != 0) {
		return EXIT_REFUSED;
	}
	for (int i = 0; i < NR_GRANTS; i++) {
		uint64_t mark = stress_random(1u << 31);
		struct bw_message message = { { mark }, (void *)page, (void *)place };
		long result;

		page_mark(page, mark);
		result = bw_ipc_call(endpoint, &message);
		if (result == -ENOMEM || result == -EPIPE) {
			return EXIT_REFUSED;
		}
		if (result != 0 || message.page != place) {
			stress_complain("a grant ended with %ld", result);
			return 1;
		}
		if (!page_check(place, mark + 1, "that came back") || page[WORD_MARK] != 0) {
			stress_complain("a page given away still holds 0x%lx", page[WORD_MARK]);
			return 1;
		}
	}
	return 0;
}

static int trade(void *unused)
{
	long endpoint = bw_endpoint_create();
	pid_t taker = fork();
	int code;

	(void)unused;
	if (taker == 0) {
		_exit(take_pages(endpoint));
	}
	if (taker < 0) {
		return EXIT_REFUSED;
	}
	code = give_pages(endpoint);
	kill(taker, SIGKILL);
	return code;
}

enum stress_result stress_grants(void)
{
	int status = child_run(trade, NULL);

	return child_exit_code(status) == EXIT_REFUSED
		       ? STRESS_REFUSED
		       : stress_expect_exit("a program that gives pages away", status, 0);
}
