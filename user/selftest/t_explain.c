/* What `why` is made of: any address of any process can be explained, and what is said is true. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack_run.h"
#include "child.h"
#include "cpus.h"
#include "explain.h"
#include "tap.h"

#define KERNEL_HALF 0xffff800000000000UL
#define ENTRY_AREA 0xffffe00000000000UL
#define USER_TOP 0x00007ffffffff000UL
enum { NR_RANDOM = 2000, NR_RANDOM_SMP = 100, NR_BASES = 32, DEAD_PID = 9999, PIDS_KEPT = 128 };
enum { STACK_BYTES = 16 * 1024 };

static struct bw_explanation explanation;

/* The text of an address of this process. */
static const char *text_of(uint64_t address)
{
	long status = bw_explain(address, 0, &explanation);

	if (status < 0) {
		snprintf(explanation.text, sizeof(explanation.text), "%s", strerror((int)-status));
	}
	return explanation.text;
}

static void expect(uint64_t address, const char *words, const char *name)
{
	if (!tap_ok(strstr(text_of(address), words) != NULL, "%s", name)) {
		tap_note("expected \"%s\" in the text of %#lx:", words, address);
		for (char *line = strtok(explanation.text, "\n"); line != NULL;
		     line = strtok(NULL, "\n")) {
			tap_note("%s", line);
		}
	}
}

/* The history ends with these states, the last one on behalf of that process. */
static void expect_history(uint64_t at, const char *states, uint32_t pid, const char *name)
{
	char words[64];

	snprintf(words, sizeof(words), "%s (pid %u%s)\n", states, pid % PIDS_KEPT,
		 pid < PIDS_KEPT ? "" : " modulo 128");
	expect(at, words, name);
}

static void test_own_memory(void)
{
	char *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	uint64_t at = (uintptr_t)page;

	expect(at, "user   write   yes, after a page fault that fills in the page",
	       "a page that nobody touched would be filled in");
	mprotect(page, BW_PAGE_SIZE, PROT_READ);
	expect(at, "user   read    yes, after a page fault that fills in the page",
	       "by a read, too, where nobody may write");
	mprotect(page, BW_PAGE_SIZE, PROT_READ | PROT_WRITE);
	page[0] = 1;
	expect(at, "user   write   yes\n", "a page that was touched can be written to");
	expect_history(at, "USER", (uint32_t)getpid(), "its frame's history ends with us");
	expect(at, "user   execute no, NX", "it cannot be run");
	mprotect(page, BW_PAGE_SIZE, PROT_NONE);
	expect(at, "user   read    no: page fault: the process has it as ---",
	       "nor be read once we gave up the right to");
	munmap(page, BW_PAGE_SIZE);
	expect(at, "user   read    no: page fault: the process has no memory there",
	       "and then it is gone");
	expect((uintptr_t)test_own_memory, "user   execute yes", "our code can be run");
	expect((uintptr_t)test_own_memory, "the process has it as r-x", "and not be written to");
}

static unsigned count_in(const char *text, const char *words)
{
	unsigned nr = 0;

	for (const char *at = text; (at = strstr(at, words)) != NULL; at++) {
		nr++;
	}
	return nr;
}

/* Each key, as often as there are parts that have it. */
static void test_json(void)
{
	static const struct {
		const char *words;
		unsigned nr;
	} keys[] = { { "{\"process\":\"t_explain\",\"pid\":", 1 },
		     { "\"policy\":{\"state\":\"USER_", 1 },
		     { "\"text\":\"user pages", 1 },
		     { "\"direct_map\":\"", 1 },
		     { "\"view\":", 1 },
		     { "\"rights\":\"RW or RX\"", 1 },
		     { "\"user\":{\"read\":{\"allowed\":true,\"defence\":", 1 },
		     { "\"allowed\":", 6 },
		     { "\"defence\":", 6 },
		     { "\"reason\":", 6 } };

	explanation.json[0] = '\0';
	text_of((uintptr_t)&explanation);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!tap_is(count_in(explanation.json, keys[i].words), keys[i].nr,
			    "the JSON has %s, %u times", keys[i].words, keys[i].nr)) {
			tap_note("%s", explanation.json);
		}
	}
}

static int copy_on_write(void *unused)
{
	(void)unused;
	return strstr(text_of((uintptr_t)&explanation),
		      "after a page fault that copies the page") != NULL
		       ? 0
		       : 1;
}

static void test_regions(void)
{
	expect(0, "a null pointer", "a null pointer");
	expect(USER_TOP - 1, "user memory", "the last byte of the user half");
	expect(USER_TOP, "user memory", "the byte behind it");
	expect(1UL << 47, "non-canonical address", "the first non-canonical address");
	expect(KERNEL_HALF - 1, "no walk", "and the last");
	expect(KERNEL_HALF, "unused kernel address", "the kernel half's first byte");
	expect(ENTRY_AREA, "interrupt descriptor table 0", "the entry area");
	expect(UINT64_MAX, "unused kernel address", "the last byte there is");
}

/* A vulnerable call at an address where nothing is. */
struct mistake {
	long (*call)(uint64_t address);
	uint64_t address;
};

static long write_there(uint64_t address) { return bw_vuln_write(address, 0); }

static int make_mistake(void *argument)
{
	const struct mistake *mistake = argument;

	(void)mistake->call(mistake->address);
	return 0;
}

static bool is_explained(const struct bw_report *report)
{
	size_t length = strnlen(report->fault_json, sizeof(report->fault_json));
	unsigned nr_lines = 0;

	for (const char *at = report->text; *at != '\0'; at++) {
		nr_lines += *at == '\n';
	}
	return report->end == BW_END_KERNEL_FAULT && nr_lines >= 12 && nr_lines <= 25 &&
	       strstr(report->text, "  defence      ") != NULL &&
	       strncmp(report->fault_json, "{\"process\":\"t_explain\"", 22) == 0 &&
	       report->fault_json[length - 1] == '}' &&
	       strstr(report->fault_json, "\"backtrace\":[\"") != NULL;
}

static void test_mistakes(const struct bw_leak *leak)
{
	long (*const calls[])(uint64_t) = { bw_vuln_jump, bw_vuln_call, bw_vuln_read, write_there,
					    bw_vuln_pivot };
	const uint64_t addresses[] = { 0,
				       USER_TOP,
				       (1UL << 47) - 4,
				       1UL << 47,
				       1UL << 63,
				       KERNEL_HALF - 4,
				       KERNEL_HALF,
				       0xffffd00000000000,
				       ENTRY_AREA + 0x100000,
				       leak->stack_top + 64,
				       leak->direct_map_base - 8,
				       UINT64_MAX - 15 };
	static struct bw_report report;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		unsigned nr_explained = 0;

		for (size_t j = 0; j < sizeof(calls) / sizeof(calls[0]); j++) {
			struct mistake mistake = { calls[j], addresses[i] };

			child_run_reported(make_mistake, &mistake, &report);
			nr_explained += is_explained(&report);
		}
		tap_is(nr_explained, 5, "jump, call, read, write and pivot at %#lx are explained",
		       addresses[i]);
	}
}

static void test_kernel_objects(void)
{
	struct bw_sealed sealed;
	struct bw_leak leak;

	if (bw_vuln_leak(&leak) < 0 || bw_vuln_sealed(&sealed) < 0) {
		tap_skip("objects of the kernel", "vuln=off");
		return;
	}
	expect(leak.image_base, "kernel image", "kernel text");
	expect(leak.credentials_set, "object       credentials_set+0\n", "a function has its name");
	expect(leak.process, "object of slab", "a process's structure lies in a slab");
	expect(leak.stack_top - 8, "of t_explain (pid", "a kernel stack names its thread");
	expect(leak.stack_top, "guard page", "behind it there is a guard page");
	expect(leak.stack_top - STACK_BYTES, "object       kernel stack of",
	       "its lowest byte is its own");
	expect(leak.stack_top - STACK_BYTES - 1, "guard page below the kernel stack of",
	       "below that there is one, too");
	expect(sealed.of_mode[BW_SEALED_RO].object, "object of pool",
	       "sealed memory lies in a pool");
	if (bw_option_is("pmalloc", "full")) {
		expect(sealed.of_mode[BW_SEALED_RO].object,
		       "kernel write   no, pmalloc: the pool is sealed",
		       "which the kernel cannot write to either");
		expect(sealed.of_mode[BW_SEALED_RO].alias, "hidden > POOL > sealed",
		       "its frame was hidden, then the pool's, then sealed");
	}
	expect(sealed.of_mode[BW_SEALED_RO].entry, "owner PTABLE", "its page-table entry");
	test_mistakes(&leak);
}

/* The frame of a payload, when the attack that put it there is dead. */
static void test_history_of_attack(void)
{
	static struct attack_result result;
	char *const argv[] = { "ret2dir_obj", NULL };

	attack_run(argv, ATTACK_QUIET, &result);
	if (result.outcome != OUTCOME_FAULT) {
		tap_skip("the history of a payload's frame",
			 "ret2dir_obj ends without a fault here");
		return;
	}
	expect_history(result.report.fault_address, "> USER > FREE", (uint32_t)result.report.pid,
		       "after ret2dir_obj its frame has gone from FREE to USER to FREE");
	tap_ok(strstr(result.report.fault_json, "\"defence\":\"XPFO\"") != NULL &&
		       strstr(result.report.text, "kernel root") != NULL,
	       "the report has both forms");
}

/* Deterministic. */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Addresses in and around everything that the kernel root maps. */
static void test_random_addresses(void)
{
	static struct bw_range ranges[NR_BASES];
	long nr = bw_ptdump(0, BW_ROOT_KERNEL, KERNEL_HALF, ranges, NR_BASES);
	uint64_t state = 88172645463325252;
	/* each stops all the other processors, which takes a while where the host has fewer */
	unsigned nr_random = cpus_count() > 1 ? NR_RANDOM_SMP : NR_RANDOM, nr_bad = 0;

	for (unsigned i = 0; i < nr_random; i++) {
		uint64_t address = random_next(&state);

		if (i % 4 != 0 && nr > 0) {
			const struct bw_range *range = &ranges[address % (uint64_t)nr];

			address =
				range->start + (address >> 20) % (4 * (range->end - range->start));
		}
		nr_bad += bw_explain(address, 0, &explanation) < 0 ||
			  strstr(explanation.text, "user   execute ") == NULL ||
			  explanation.json[strlen(explanation.json) - 1] != '}';
	}
	tap_is(nr_bad, 0, "%u random addresses are all explained", nr_random);
}

static void test_symbols(void)
{
	struct bw_symbol symbol, last = { 0 };
	unsigned int nr = 0, nr_wrong = 0;

	for (; bw_symbol(nr, &symbol) >= 0; nr++) {
		nr_wrong += symbol.address < last.address || symbol.name[0] == '\0';
		last = symbol;
	}
	tap_ok(nr > 500, "the kernel has symbols (%u)", nr);
	tap_is(nr_wrong, 0, "they are in order, and all have names");
	tap_is(bw_symbol(nr, &symbol), -ENOENT, "behind the last there is none");
	tap_is(bw_symbol(0, (struct bw_symbol *)KERNEL_HALF), -EFAULT,
	       "a kernel address for a symbol is refused");
}

static int refuse_others(void *unused)
{
	struct bw_symbol symbol;

	(void)unused;
	return setuid(1000) == 0 && bw_explain(0, 0, &explanation) == -EPERM &&
			       bw_symbol(0, &symbol) == -EPERM
		       ? 0
		       : 1;
}

static void test_processes(void)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(0);
	}
	while (bw_explain(0, child, &explanation) == 0) {
		usleep(1000);
	}
	tap_is(bw_explain(0, child, &explanation), -ESRCH, "a process that has ended is refused");
	waitpid(child, NULL, 0);
	tap_is(bw_explain(0, child, &explanation), -ESRCH, "so is one that was reaped");
	tap_is(bw_explain(0, DEAD_PID, &explanation), -ESRCH, "so is a pid of nobody");
	tap_is(bw_explain(0, -1, &explanation), -ESRCH, "so is -1");
	tap_ok(bw_explain((uintptr_t)test_own_memory, getppid(), &explanation) == 0 &&
		       strstr(explanation.json, "\"process\":\"sh\"") != NULL,
	       "another process's address is explained for that process");
	tap_is(bw_explain(0, 0, (struct bw_explanation *)KERNEL_HALF), -EFAULT,
	       "a kernel address for the result is refused");
	tap_is(child_run(refuse_others, NULL), 0, "only root may ask");
}

int main(void)
{
	test_own_memory();
	test_json();
	tap_is(child_run(copy_on_write, NULL), 0, "a page shared by fork would be copied");
	test_regions();
	test_kernel_objects();
	test_history_of_attack();
	test_random_addresses();
	test_symbols();
	test_processes();
	return tap_done();
}
