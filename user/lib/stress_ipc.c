/* Rounds of the stress program in which processes call each other, and die of it. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "stress.h"

enum { MOST_CLIENTS = 4, MOST_SERVERS = 3, MOST_CALLS = 60, EXIT_REFUSED = 2, EXIT_GONE = 3 };

/* Who dies in the middle of it. */
enum victim { VICTIM_NONE, VICTIM_CLIENTS, VICTIM_SERVER, NR_VICTIMS };

struct party {
	long endpoint;
	unsigned int nr_clients, nr_servers;
	pid_t clients[MOST_CLIENTS];
};

/* Answers each word with its complement, until nobody is left who could call. */
static void *serve(void *endpoint)
{
	struct bw_message message = { .page = NULL };
	long pid = bw_ipc_receive((long)endpoint, &message);

	while (pid >= 0) {
		for (int i = 0; i < BW_NR_WORDS; i++) {
			message.words[i] = ~message.words[i];
		}
		pid = bw_ipc_reply_receive((long)endpoint, &message);
	}
	return NULL;
}

static int call_on(long endpoint)
{
	unsigned int nr_calls = 1 + stress_random(MOST_CALLS);

	for (unsigned int call = 0; call < nr_calls; call++) {
		struct bw_message message = { .page = NULL };
		uint64_t first = stress_random(1u << 31);
		long result;

		for (unsigned int i = 0; i < BW_NR_WORDS; i++) {
			message.words[i] = first + i;
		}
		result = bw_ipc_call(endpoint, &message);
		if (result == -EPIPE) {
			return EXIT_GONE;
		}
		for (unsigned int i = 0; i < BW_NR_WORDS; i++) {
			if (result != 0 || message.words[i] != ~(first + i)) {
				stress_complain("a call ended with %ld, word %u is 0x%lx", result,
						i, message.words[i]);
				return 1;
			}
		}
	}
	return 0;
}

static void start_clients(struct party *party)
{
	unsigned int nr_wanted = 1 + stress_random(MOST_CLIENTS);

	while (party->nr_clients < nr_wanted) {
		unsigned int seed = stress_random(1u << 31);
		pid_t client = fork();

		if (client == 0) {
			stress_random_seed(seed);
			_exit(call_on(party->endpoint));
		}
		if (client < 0) {
			break;
		}
		party->clients[party->nr_clients++] = client;
	}
}

static void start_servers(struct party *party)
{
	unsigned int nr_wanted = 1 + stress_random(MOST_SERVERS);
	pthread_t thread;

	while (party->nr_servers < nr_wanted &&
	       pthread_create(&thread, NULL, serve, (void *)party->endpoint) == 0) {
		party->nr_servers++;
	}
}

/* The dead do not tell what they saw; those that end by themselves do. */
static int end_clients(const struct party *party, bool by_force)
{
	int code = 0;

	for (unsigned int i = 0; i < party->nr_clients; i++) {
		if (by_force) {
			kill(party->clients[i], SIGKILL);
		}
		if (child_exit_code(child_wait(party->clients[i])) == EXIT_GONE) {
			stress_complain("a call found nobody, though somebody served");
			code = 1;
		}
	}
	return code;
}

/*
 * Ends with a call in hand, and others waiting, perhaps. It has to have received before: clients
 * whose server never came wait for each other.
 */
static int die_serving(struct party *party)
{
	struct bw_message message = { .page = NULL };

	if (bw_ipc_receive(party->endpoint, &message) >= 0) {
		start_servers(party);
		stress_nap_us(stress_random(3000));
	}
	return 0;
}

/* Threads of this process serve others; the main one decides who dies. */
static int hold_party(void *argument)
{
	enum victim victim = *(enum victim *)argument;
	struct party party = { .endpoint = bw_endpoint_create() };

	if (party.endpoint < 0) {
		return EXIT_REFUSED;
	}
	start_clients(&party);
	if (victim == VICTIM_SERVER) {
		return die_serving(&party);
	}
	start_servers(&party);
	if (party.nr_servers == 0) {
		(void)end_clients(&party, true);
		return EXIT_REFUSED;
	}
	if (victim == VICTIM_CLIENTS) {
		stress_nap_us(stress_random(3000));
	}
	return end_clients(&party, victim == VICTIM_CLIENTS);
}

enum stress_result stress_calls(void)
{
	enum victim victim = stress_random(NR_VICTIMS);
	int status = child_run(hold_party, &victim);

	return child_exit_code(status) == EXIT_REFUSED
		       ? STRESS_REFUSED
		       : stress_expect_exit("a server of calls", status, 0);
}
