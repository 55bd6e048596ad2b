/* Each counter counts what its name says, no more often than it happens. */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bulwark_vuln.h"
#include "child.h"
#include "cpus.h"
#include "tap.h"

enum { PAGES = 1000, CALLS = 100, ROUNDS = 50, TICKS = 1000 };

#define COUNTER(name, help) COUNTER_##name,
enum {
#include "abi/counters.def"
	NR_COUNTERS
};
#undef COUNTER

static const char *const names[] = {
#define COUNTER(name, help) #name,
#include "abi/counters.def"
#undef COUNTER
};

static uint64_t before[NR_COUNTERS], now[NR_COUNTERS];
static bool is_known[NR_COUNTERS];

static void counters_read(uint64_t *values)
{
	bw_counters(-1, values, NR_COUNTERS * sizeof(*values));
}

static uint64_t rise(unsigned counter) { return now[counter] - before[counter]; }

/* From here on they rise; what they rose by is compared. */
static void begin(void) { counters_read(before); }

static void expect(unsigned counter, uint64_t least, uint64_t most, const char *what)
{
	is_known[counter] = true;
	if (!tap_ok(rise(counter) >= least && rise(counter) <= most, "%s: %s", names[counter],
		    what)) {
		tap_note("by %lu, expected %lu to %lu", rise(counter), least, most);
	}
}

/* What cannot be had here: one processor, another variant, no vulnerable calls. */
static void pass_over(unsigned counter, const char *why)
{
	is_known[counter] = true;
	tap_skip(names[counter], why);
}

static void test_calls(void)
{
	begin();
	for (int i = 0; i < CALLS; i++) {
		syscall(SYS_getpid);
	}
	counters_read(now);
	/* and the call that reads them; others may make some meanwhile */
	expect(COUNTER_syscalls, CALLS + 1, CALLS + CALLS / 10, "each call");
}

static void test_gate(void)
{
	char *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	begin();
	*page = 1;
	counters_read(now);
	munmap(page, BW_PAGE_SIZE);
	expect(COUNTER_gate_calls, 1, 100, "a page is mapped");
	if (bw_option_is("ptprot", "pks")) {
		/* other processors go on while theirs are read */
		expect(COUNTER_pkrs_writes, rise(COUNTER_gate_calls), 3 * rise(COUNTER_gate_calls),
		       "open and closed");
	} else {
		expect(COUNTER_pkrs_writes, 0, 0, "the gate opens in another way");
	}
	if (bw_option_is("ptprot", "window")) {
		expect(COUNTER_cr3_loads, rise(COUNTER_gate_calls), UINT64_MAX,
		       "the gate's root and back");
	}
}

static void test_pages(bool has_window)
{
	char *pages = mmap(NULL, PAGES * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	begin();
	for (size_t i = 0; i < PAGES; i++) {
		pages[i * BW_PAGE_SIZE] = 1;
	}
	munmap(pages, PAGES * BW_PAGE_SIZE);
	counters_read(now);
	expect(COUNTER_page_faults, PAGES, PAGES + PAGES / 10, "each first touch");
	expect(COUNTER_user_traps, PAGES, UINT64_MAX, "each of them, and the interrupts");
	expect(COUNTER_frames_allocated_user, PAGES, PAGES + PAGES / 10, "each page");
	expect(COUNTER_frames_freed_user, PAGES, PAGES + PAGES / 10, "and each that goes");
	if (has_window) {
		expect(COUNTER_window_openings, 1, 2 * PAGES, "pages are zeroed there");
		expect(COUNTER_window_frames, PAGES, 4 * PAGES, "each page");
		expect(COUNTER_invlpg, PAGES, UINT64_MAX, "each leaves the window");
	} else {
		pass_over(COUNTER_window_openings, "the window is not used");
		pass_over(COUNTER_window_frames, "the window is not used");
		pass_over(COUNTER_invlpg, "the window is not used");
	}
}

static int do_nothing(void *unused)
{
	(void)unused;
	return 0;
}

static void test_threads(void)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	begin();
	for (int i = 0; i < 10; i++) {
		nanosleep(&nap, NULL);
	}
	counters_read(now);
	expect(COUNTER_context_switches, 10, UINT64_MAX, "each sleep");
	begin();
	child_run(do_nothing, NULL);
	counters_read(now);
	expect(COUNTER_cr3_loads, 2, UINT64_MAX, "another process's turn, and back");
	begin();
	for (int i = 0; i < TICKS && rise(COUNTER_interrupts) == 0; i++) {
		for (volatile int j = 0; j < 1000000; j++) {}
		counters_read(now);
	}
	expect(COUNTER_interrupts, 1, UINT64_MAX, "the timer ticks");
}

static volatile bool has_begun, ends;

static void *spin(void *unused)
{
	cpus_pin(1);
	has_begun = true;
	while (!ends) {}
	return unused;
}

/* Pages go that the other processor may have in its TLB. */
static void test_processors(void)
{
	pthread_t thread;

	if (cpus_count() == 1) {
		pass_over(COUNTER_ipis_sent, "one processor");
		pass_over(COUNTER_ipis_received, "one processor");
		pass_over(COUNTER_shootdown_rounds, "one processor");
		return;
	}
	if (pthread_create(&thread, NULL, spin, NULL) != 0) {
		return;
	}
	while (!has_begun) {
		sched_yield();
	}
	cpus_pin(0);
	begin();
	for (int i = 0; i < ROUNDS; i++) {
		char *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		*page = 1;
		munmap(page, BW_PAGE_SIZE);
	}
	counters_read(now);
	ends = true;
	pthread_join(thread, NULL);
	expect(COUNTER_shootdown_rounds, ROUNDS, UINT64_MAX, "each page that goes");
	expect(COUNTER_ipis_sent, 1, UINT64_MAX, "the other processor is told");
	expect(COUNTER_ipis_received, 1, UINT64_MAX, "and takes it");
}

static int read_nothing(void *unused)
{
	(void)unused;
	bw_vuln_read(0xffffffffffff0000);
	return 0;
}

static int read_too_far(void *unused)
{
	static char buffer[BW_PAGE_SIZE];

	(void)unused;
	bw_vuln_overread(buffer, sizeof(buffer));
	return 0;
}

static void test_faults(bool has_pools)
{
	struct bw_leak leak;

	if (bw_vuln_leak(&leak) == -ENOSYS) {
		pass_over(COUNTER_kernel_faults, "vuln=off");
		pass_over(COUNTER_usercopy_refused, "vuln=off");
		return;
	}
	begin();
	child_run(read_nothing, NULL);
	counters_read(now);
	expect(COUNTER_kernel_faults, 1, 1, "a process that the kernel's fault ended");
	if (!has_pools) {
		pass_over(COUNTER_usercopy_refused, "pmalloc=off");
		return;
	}
	begin();
	child_run(read_too_far, NULL);
	counters_read(now);
	expect(COUNTER_usercopy_refused, 1, 1, "a copy past its object");
}

/* Since boot, as far as the kernel does them at all with these options. */
static void test_since_boot(bool hides, bool is_epoch)
{
	memset(before, 0, sizeof(before));
	counters_read(now);
	expect(COUNTER_full_flushes, 1, UINT64_MAX, "since boot");
	if (hides) {
		expect(COUNTER_hides, 1, UINT64_MAX, "since boot");
	} else {
		pass_over(COUNTER_hides, "xpfo=off");
	}
	if (is_epoch) {
		expect(COUNTER_quarantine_frames, 1, now[COUNTER_hides], "since boot");
	} else {
		pass_over(COUNTER_quarantine_frames, "xpfo is not epoch");
	}
}

/* Not here: what happens by chance, or where memory is short; and refused calls, which t_policy
 * has.
 */
static const unsigned not_here[] = {
	COUNTER_spurious_interrupts, COUNTER_steals,       COUNTER_reveals,
	COUNTER_direct_splits,       COUNTER_direct_joins, COUNTER_quarantine_waits,
	COUNTER_frames_gathered,     COUNTER_blocks_mixed, COUNTER_policy_refused,
};

static void test_all_known(void)
{
	for (size_t i = 0; i < sizeof(not_here) / sizeof(not_here[0]); i++) {
		is_known[not_here[i]] = true;
	}
	for (unsigned i = 0; i < NR_COUNTERS; i++) {
		if (!is_known[i]) {
			tap_ok(false, "a test of %s", names[i]);
		}
	}
}

int main(void)
{
	bool is_epoch = bw_option_is("xpfo", "epoch");
	bool has_window =
		is_epoch || bw_option_is("xpfo", "sync") || bw_option_is("xpfo", "pageblock");

	test_calls();
	test_gate();
	test_pages(has_window);
	test_threads();
	test_processors();
	test_faults(!bw_option_is("pmalloc", "off"));
	test_since_boot(!bw_option_is("xpfo", "off"), is_epoch);
	test_all_known();
	return tap_done();
}
