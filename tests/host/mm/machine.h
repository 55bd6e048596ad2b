/*
 * A machine for the memory code of kernel/mm, which runs on it unchanged: RAM that the direct map
 * shows at direct_map_base, page tables in it, and TLBs that forget nothing until they are told to.
 *
 *   direct map     a page becomes accessible at its first access, if the page table maps it then,
 * and stays so until it is flushed, whatever the table says meanwhile. Any other access ends the
 * test. other CPU      the same as a bitmap: machine_other_cpu_touch fills it, only acknowledged
 * flushes empty it. machine_ram    the same RAM, always accessible: for tests, and for the window.
 *   user half      mm/user_tlb.h
 *
 * What must not happen ends the program with a message and what machine_note said last.
 */
#pragma once

#include "core/options.h"
#include "lib/types.h"
#include "mm/frame/frame.h"

enum { MACHINE_FRAMES = 4096, MACHINE_RESERVED = 16 };

/* Once, first: boots as kernel/mm/table/memory.c does. */
void machine_start(void);
/* For the body of a death test, first: what it does to RAM stays its own. */
void machine_detach(void);

/* What other parts of the machine want to know; NULL: nobody does. */
struct machine_hooks {
	/* An access that is not to RAM. True: it can be tried again. */
	bool (*fault)(uint64_t address, bool is_write);
	/* All CPUs forget everything. */
	void (*flush)(void);
	/* No CPU can use a translation; those outside the kernel may still walk tables. */
	void (*complete)(void);
	/* All CPUs forget these pages, and tables as INVLPG does. False: it is no address of yours.
	 */
	bool (*shootdown)(uint64_t first, uint64_t nr_pages);
	/* These frames change hands: no TLB may lead to them. */
	void (*unused)(pfn_t first, uint32_t nr);
};
extern struct machine_hooks machine_hooks;

void *machine_ram(pfn_t frame);
bool machine_is_zero(pfn_t first, unsigned order);
void machine_other_cpu_touch(pfn_t frame);
bool machine_other_cpu_has(pfn_t frame);
/* It writes to everything that it can still reach through the direct map. */
void machine_other_cpu_store(void);
/* As a boot would leave it: weak variants of XPFO let stale entries rest there for good. */
void machine_other_cpu_forget(void);
/* All CPUs enter the kernel: every downgrade so far is complete. */
void machine_enter_kernels(void);
/* A frame that some CPU can still reach, though it is hidden. That others can is no news with the
 * weak XPFO variants. */
bool machine_is_stale(uint32_t frame);

/* Frame table, direct map, TLBs and counts agree. */
void machine_check(void);
/* The walk of the boot page tables says so, not the frame table. */
bool machine_direct_map_has(pfn_t frame);
/* The same walk ends at a page of 2 MiB. */
bool machine_is_large(pfn_t frame);
/* Free frames of both kinds, and how many of them users cannot have. */
uint64_t machine_nr_free(void);
uint64_t machine_nr_reserve(void);
uint32_t machine_first_free(void);
/* Frames that booting has taken, from the first on. boot_alloc.c */
extern uint32_t machine_nr_early;
/* An aligned range of free frames, wherever they are kept: the allocator must find it. */
bool machine_block_exists(unsigned order);

/* The next allocation sites succeed; the one after `nr` of them fails. Returns whether it came to
 * that, and stops. */
void machine_fail_after(unsigned nr);
bool machine_fail_stop(void);

/* Where the test stands, for the report. */
__attribute__((format(printf, 1, 2))) void machine_note(const char *format, ...);
__attribute__((format(printf, 1, 2))) _Noreturn void machine_die(const char *format, ...);

/* Another variant of XPFO, as a boot with that option would have it: no frame is cached or hidden.
 */
void machine_choose_xpfo(enum option_xpfo variant);

/* Single stores that the window made. window.c */
extern uint64_t machine_nr_stores;
/* A page is copied that its owner could write to: he is the one who forks. */
extern bool machine_is_forking;
