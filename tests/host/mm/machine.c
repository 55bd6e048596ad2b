/* RAM, boot, the direct map's TLBs, and the checks that hold between any two calls. */
#define _GNU_SOURCE
#include "mm/machine.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "arch/x86_64/cpu/features.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "mm/direct_tlb.h"
#include "mm/frame/boot_alloc.h"
#include "mm/frame/buddy.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/direct_split.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/frame_init.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/xpfo.h"
#include "mm/table/ptable.h"
#include "mm/table/ram.h"
#include "mm/tlb/ktlb.h"
#include "mm/tlb/tlb_debt.h"
#include "mm/user_tlb.h"

#define RAM_BYTES ((size_t)MACHINE_FRAMES * PAGE_SIZE)
#define MAP_BASE 0x200000000000ul /* free in every process, also under AddressSanitizer */

struct options options;
struct cpu_features cpu_features = { .nx = true };
struct cpu *host_cpu;

static struct cpu cpu;
static struct frame table[MACHINE_FRAMES];
static struct frame_link links[MACHINE_FRAMES];
static uint16_t histories[MACHINE_FRAMES];
static uint8_t history_pids[MACHINE_FRAMES];
static uint16_t nr_free_in[MACHINE_FRAMES / RANGE_FRAMES];
static char *ram;
static uint64_t newest = 1, complete = 1, newest_split; /* generations */
static char note[256] = "nothing noted";

void machine_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note, sizeof(note), format, arguments);
	va_end(arguments);
}

static void die_va(const char *kind, const char *format, va_list arguments)
{
	fprintf(stderr, "%s: ", kind);
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	abort();
}

void machine_die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	die_va("violation", format, arguments);
	abort();
}

void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	die_va("panic", format, arguments);
	abort();
}

static void on_abort(int signal_number)
{
	(void)signal_number;
	fprintf(stderr, "during: %s\n", note);
}

void *machine_ram(pfn_t frame)
{
	if (frame.pfn >= MACHINE_FRAMES) {
		machine_die("frame %#x does not exist", frame.pfn);
	}
	return ram + pfn_to_pa(frame).pa;
}

/* --- the TLBs --- */

static void protect(uint32_t first, uint32_t nr, int protection)
{
	if (mprotect((void *)(MAP_BASE + (uint64_t)first * PAGE_SIZE), (size_t)nr * PAGE_SIZE,
		     protection)) {
		machine_die("mprotect failed");
	}
}

enum { FAULT_ERROR_WRITE = 2 };

struct machine_hooks machine_hooks;

/* A TLB miss, or the end. */
static void on_fault(int signal_number, siginfo_t *info, void *context)
{
	uint64_t offset = (uint64_t)info->si_addr - MAP_BASE;
	pfn_t frame = { (uint32_t)(offset >> PAGE_SHIFT) };
	const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal_number;
	if (machine_hooks.fault &&
	    machine_hooks.fault((uint64_t)info->si_addr, registers[REG_ERR] & FAULT_ERROR_WRITE)) {
		return;
	}
	if (offset >= RAM_BYTES) {
		machine_die("access to %p, which is not RAM", info->si_addr);
	}
	if (!direct_tlb_touch(THIS_CPU, frame)) {
		machine_die("hidden frame %u accessed through the direct map", frame.pfn);
	}
	protect(frame.pfn, 1, PROT_READ | PROT_WRITE);
}

void machine_other_cpu_touch(pfn_t frame) { (void)direct_tlb_touch(OTHER_CPU, frame); }

/* What becomes of translations of a user frame by the time that it is handed out. */
static bool leaves_stale_elsewhere(void)
{
	return options.xpfo == xpfo_v1 ||
	       (options.xpfo >= xpfo_v7noflush && options.xpfo <= xpfo_v9);
}

bool machine_other_cpu_has(pfn_t frame) { return direct_tlb_has(OTHER_CPU, frame); }

static bool leaves_stale_here(void) { return options.xpfo == xpfo_v7noflush; }

void machine_other_cpu_store(void)
{
	/* where a frame is cleared before it is unmapped it would reach what it must not: that is
	 * what is weak about these variants */
	bool is_weak = xpfo_is_on() && xpfo.clears_mapped;

	for (uint32_t frame = MACHINE_RESERVED; frame < MACHINE_FRAMES && !is_weak; frame++) {
		if (direct_tlb_has(OTHER_CPU, (pfn_t){ frame }) &&
		    frames[frame].owner == OWNER_FREE) {
			((char *)ram)[((size_t)frame << PAGE_SHIFT) + frame % PAGE_SIZE] = 'o';
		}
	}
}

void machine_other_cpu_forget(void) { direct_tlb_flush(OTHER_CPU, 0, MACHINE_FRAMES); }

static uint32_t frame_of(va_t first, uint64_t nr_pages)
{
	uint64_t frame = (first.va - MAP_BASE) >> PAGE_SHIFT;

	if (frame >= MACHINE_FRAMES || nr_pages > MACHINE_FRAMES - frame) {
		machine_die("flush of %lu pages at %#lx, outside the direct map", nr_pages,
			    first.va);
	}
	return (uint32_t)frame;
}

/* A page of 2 MiB that goes loses all of its addresses. */
static void flush_this(va_t first, uint64_t nr_pages)
{
	uint32_t frame = frame_of(first, nr_pages);
	uint32_t start = (uint32_t)align_down(frame, FRAMES_PER_HUGE);

	direct_tlb_flush(THIS_CPU, frame, (uint32_t)nr_pages);
	protect(start, (uint32_t)align_up(frame + nr_pages, FRAMES_PER_HUGE) - start, PROT_NONE);
}

void ktlb_flush_local(va_t first, uint64_t nr_pages)
{
	ktlb_settle();
	flush_this(first, nr_pages);
}

/* The other CPU never switches threads, nor to the one that owes it. */
void ktlb_flush_deferred(va_t first, uint64_t nr_pages) { ktlb_flush_local(first, nr_pages); }
void ktlb_flush_owed(va_t first, uint64_t nr_pages) { ktlb_flush_local(first, nr_pages); }

uint64_t ktlb_downgrade(void) { return ++newest; }
uint64_t ktlb_generation(void) { return newest; }

void ktlb_split(tlb_word_t *entry, uint64_t table)
{
	entry->value = table;
	newest_split = ktlb_downgrade();
}

void ktlb_join(tlb_word_t *entry, uint64_t page) { entry->value = page; }

void ktlb_settle(void) { ktlb_wait(newest_split); }

bool ktlb_is_complete(uint64_t generation) { return generation <= complete; }

/* What entries owe: this machine looks at what is cached instead. */
void upcall_entry_stricter(const uint64_t *slot, bool is_user)
{
	(void)slot;
	(void)is_user;
}
void tlb_debt_waive(void) {}
void tlb_debt_hand_over(uint64_t generation) { (void)generation; }
bool tlb_debt_is_completed(uint64_t generation) { return generation <= complete; }

void machine_enter_kernels(void)
{
	if (machine_hooks.flush) {
		machine_hooks.flush();
	}
	complete = newest;
	ktlb_shootdown_sync((va_t){ MAP_BASE }, MACHINE_FRAMES);
}

void ktlb_wait(uint64_t generation)
{
	if (generation > newest) {
		machine_die("waits for generation %lu, which is not there yet", generation);
	}
	if (generation > complete) {
		machine_other_cpu_store();
		if (machine_hooks.complete) {
			machine_hooks.complete();
		}
		complete = newest;
		ktlb_shootdown_sync((va_t){ MAP_BASE }, MACHINE_FRAMES);
	}
}

void ktlb_shootdown_sync(va_t first, uint64_t nr_pages)
{
	machine_other_cpu_store();
	if (machine_hooks.shootdown && machine_hooks.shootdown(first.va, nr_pages)) {
		return;
	}
	flush_this(first, nr_pages);
	direct_tlb_flush(OTHER_CPU, frame_of(first, nr_pages), (uint32_t)nr_pages);
}

/* No variant leaves a page of 2 MiB in anybody's TLB. */
bool machine_is_stale(uint32_t frame)
{
	pfn_t number = { frame };

	return (direct_tlb_has(THIS_CPU, number) && !leaves_stale_here()) ||
	       (direct_tlb_has(OTHER_CPU, number) && !leaves_stale_elsewhere()) ||
	       direct_tlb_has_large(THIS_CPU, number) || direct_tlb_has_large(OTHER_CPU, number);
}

void __real_frame_transition(pfn_t first, unsigned order, enum owner from, enum owner to);
void __wrap_frame_transition(pfn_t first, unsigned order, enum owner from, enum owner to);

/* The linker gives us the callers of frame_transition: nobody may reach a frame by what its last
 * owner left behind. */
static void assert_can_change(pfn_t first, unsigned order, enum owner to)
{
	user_tlb_assert_unused(first, 1u << order);
	if (machine_hooks.unused) {
		machine_hooks.unused(first, 1u << order);
	}
	for (uint32_t i = first.pfn; i < first.pfn + (1u << order); i++) {
		if (to == OWNER_USER && frames[i].flags & FRAME_HIDDEN && machine_is_stale(i)) {
			machine_die("user frame %u is still in a TLB through the direct map", i);
		}
	}
}

void __wrap_frame_transition(pfn_t first, unsigned order, enum owner from, enum owner to)
{
	assert_can_change(first, order, to);
	__real_frame_transition(first, order, from, to);
}

void __real_frame_check_hands(pfn_t frame, enum owner from, enum owner to);
void __wrap_frame_check_hands(pfn_t frame, enum owner from, enum owner to);
void __wrap_frame_check_hands(pfn_t frame, enum owner from, enum owner to)
{
	assert_can_change(frame, 0, to);
	__real_frame_check_hands(frame, from, to);
}

/* --- boot --- */

static void ram_map(void *ram_at, int flags)
{
	int file = memfd_create("ram", 0);

	if (file < 0 || ftruncate(file, RAM_BYTES)) {
		machine_die("no memory for RAM");
	}
	if (ram && pwrite(file, ram, RAM_BYTES, 0) != (ssize_t)RAM_BYTES) {
		machine_die("RAM cannot be copied");
	}
	ram = mmap(ram_at, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | flags, file, 0);
	if (ram == MAP_FAILED || mmap((void *)MAP_BASE, RAM_BYTES, PROT_NONE,
				      MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) {
		machine_die("RAM cannot be mapped");
	}
	close(file);
	direct_tlb_flush(THIS_CPU, 0, MACHINE_FRAMES);
	direct_tlb_flush(OTHER_CPU, 0, MACHINE_FRAMES);
	if (machine_hooks.flush) {
		machine_hooks.flush();
	}
}

void machine_detach(void) { ram_map(ram, MAP_FIXED); }

void machine_start(void)
{
	static const struct ram all = { .ranges = { { 0, MACHINE_FRAMES } }, .nr = 1 };
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &fault, NULL);
	signal(SIGABRT, on_abort);
	ram_map(NULL, 0);
	host_cpu = cpus[0] = &cpu;
	nr_cpus = 1;
	frames = gate_frames = table;
	frame_links = links;
	frame_histories = histories;
	frame_history_pids = history_pids;
	nr_frames = MACHINE_FRAMES;
	direct_map_base = MAP_BASE;
	kernel_root.pfn = machine_nr_early++;
	direct_map_build(kernel_root, (pfn_t){ 0 }, (pfn_t){ MACHINE_FRAMES });
	if (options.directmap == directmap_2m) {
		direct_split_reserve(&all);
	}
	frame_alloc_init(nr_free_in);
	xpfo_use(options.xpfo);
	frame_table_claim((pfn_t){ MACHINE_RESERVED }, machine_nr_early - MACHINE_RESERVED,
			  OWNER_PTABLE);
	frame_table_fill((pfn_t){ machine_nr_early }, (pfn_t){ MACHINE_FRAMES });
	direct_split_note();
}
