/*
 * Is there a call whose answer or duration depends on what the kernel has at an address? Every
 * call, with an address of the kernel in each of its arguments, of its text, data, pools and direct
 * map, and beside it one where there is nothing: alike in the lower half and in alignment, so that
 * what is computed from the number alone is the same. Both must be answered alike, and, where
 * instructions are counted (ICOUNT), take as long.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

enum { NR_ADDRESSES = 4, NR_TRIES = 8, NR_ARGUMENTS_MAX = 6 };

struct call {
	long number;
	const char *name;
	unsigned int nr_arguments;
};

/* Not the vulnerable ones: they exist to depend on addresses. */
static const struct call calls[] = {
#define SYSCALL(call_number, call_name, arguments) { call_number, #call_name, arguments },
#define SYSCALL_WITH_REGS(call_number, call_name, arguments) { call_number, #call_name, arguments },
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
};

/* They end the caller, block, or make processes. */
static bool is_left_out(const struct call *call)
{
	static const char *const names[] = { "exit",       "exit_group",
					     "fork",       "vfork",
					     "clone",      "read",
					     "readv",      "wait4",
					     "power_off",  "nanosleep",
					     "poll",       "ipc_receive",
					     "ipc_call",   "ipc_reply_receive",
					     "arch_prctl", "set_tid_address",
					     "write",      "writev" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(call->name, names[i]) == 0) {
			return true;
		}
	}
	return call->number >= 0x1100 || call->nr_arguments == 0;
}

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

struct answer {
	long result;
	uint64_t ticks; /* the least of several */
};

static struct answer ask(const struct call *call, unsigned int place, uint64_t address)
{
	uint64_t argument[NR_ARGUMENTS_MAX] = { 0 };
	struct answer answer = { 0, UINT64_MAX };

	argument[place] = address;
	/* the first finds the address space as others left it, and does not count */
	for (int i = -1; i < NR_TRIES; i++) {
		uint64_t start = ticks(), took;

		answer.result = syscall(call->number, argument[0], argument[1], argument[2],
					argument[3], argument[4], argument[5]);
		answer.result = answer.result == -1 ? -errno : answer.result;
		took = ticks() - start;
		answer.ticks = i >= 0 && took < answer.ticks ? took : answer.ticks;
	}
	return answer;
}

/* The same lower half, of no region. */
static uint64_t decoy(uint64_t address) { return 0xfffffd0000000000ul | (address & 0xfffff000ul); }

/* In a process of its own: a call may change it. */
static int compare(const struct call *call, const uint64_t *addresses)
{
	int nr_different = 0;

	for (unsigned int place = 0; place < call->nr_arguments; place++) {
		for (unsigned int i = 0; i < NR_ADDRESSES; i++) {
			struct answer truth = ask(call, place, addresses[i] & ~0xffful);
			struct answer nothing = ask(call, place, decoy(addresses[i]));

			if (truth.result != nothing.result || truth.ticks != nothing.ticks) {
				printf("%s, argument %u: address %u gives %ld in %lu ticks, "
				       "nothing %ld in %lu\n",
				       call->name, place, i, truth.result, truth.ticks,
				       nothing.result, nothing.ticks);
				nr_different++;
			}
		}
	}
	fflush(stdout);
	return nr_different != 0;
}

int main(void)
{
	unsigned int nr_calls = 0, nr_different = 0;
	uint64_t addresses[NR_ADDRESSES];
	struct bw_leak leak;

	attack_leak(&leak);
	addresses[0] = leak.image_base;
	addresses[1] = leak.flag;
	addresses[2] = leak.process_uid;
	addresses[3] = leak.direct_map_base + (64ul << 20);
	for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int status = 0;

		if (is_left_out(&calls[i])) {
			continue;
		}
		nr_calls++;
		if (fork() == 0) {
			_exit(compare(&calls[i], addresses));
		}
		wait(&status);
		nr_different += status != 0;
	}
	printf("%u calls, %u of them tell addresses apart\n", nr_calls, nr_different);
	return nr_different != 0;
}
