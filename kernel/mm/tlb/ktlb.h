/*
 * Kernel-half translations on all CPUs. Every change that removes one or makes it stricter (hiding,
 * sealing, unmapping) is a downgrade and gets a generation; when that generation is complete no CPU
 * can use the old translation any more, and the frame, or the address, may serve another purpose.
 * A page table's frame may not: ktlb_shootdown_sync.
 * Nothing is interrupted for it: a CPU outside the kernel flushes on its way in. The protocol, and
 * why it holds: docs/tlb.md.
 */
#pragma once

#include "core/cpu.h"
#include "lib/types.h"

/* The latest downgrade's generation. syscall.asm compares it. */
extern tlb_word_t ktlb_newest;

/* After the page-table writes: full barrier. Returns the downgrade's generation, never 0. */
uint64_t ktlb_downgrade(void);

/*
 * No CPU can use what the generation removed. Does not wait and sends nothing; stays true once it
 * is. 0 is complete.
 */
bool ktlb_is_complete(uint64_t generation);

/*
 * Blocks until the generation is complete. Flushes this CPU; asks the CPUs that are in the kernel,
 * and only them, by request and IPI. Serves the requests of others meanwhile.
 */
void ktlb_wait(uint64_t generation);

/*
 * xpfo=sync, page tables, and whatever must not rest: a downgrade of nr_pages from `first`,
 * acknowledged. For a table one page that it would map is enough. Blocks until every CPU has
 * flushed after an IPI, in whatever mode it is. Flushes.
 */
void ktlb_shootdown_sync(va_t first, uint64_t nr_pages);

/*
 * A 2 MiB page becomes the table of its 4 KiB pages: one store, as the table must give every
 * address the same frame and rights. Not before its own generation is complete may a frame of the
 * page change sides: else a CPU could reach it by the 2 MiB translation. The generation of whatever
 * is hidden afterwards is a later one; flushes without a generation wait for this one first. The
 * caller holds a lock of all who split, whatever the page: the newest split must not become an
 * older one.
 */
void ktlb_split(tlb_word_t *entry, uint64_t table);
/*
 * The way back: one store, of what the table says of every address. A CPU may go on using the 4 KiB
 * translations, and the table, of which the page alone may therefore make use again.
 */
void ktlb_join(tlb_word_t *entry, uint64_t page);
/* Flushes. Blocks until no CPU can use a 2 MiB page that was split before. */
void ktlb_settle(void);

/*
 * What published variants of XPFO do. Not downgrades: a page that nobody flushed stays usable.
 *
 * Flushes the pages on this CPU and no other: xpfo=v1.
 */
void ktlb_flush_local(va_t first, uint64_t nr_pages);
/* Flushes here; every other CPU does so at its next
 * ktlb_context_switch: xpfo=v8, v8batch, v9. */
void ktlb_flush_deferred(va_t first, uint64_t nr_pages);
/*
 * Flushes here; every other CPU does so when it next switches to the current thread, which is the
 * one that owes it: xpfo=v7. Before there are threads nobody owes anything.
 */
void ktlb_flush_owed(va_t first, uint64_t nr_pages);
/* Flushes what was deferred to here, or is owed here by the current thread. The scheduler calls it
 * at each switch to a thread of user space, when that is the current one; not for the kernel's own
 * threads, for which Linux does not change address spaces. */
void ktlb_context_switch(void);
/* Not 0: it has something to do. */
static inline uint64_t ktlb_owes(const struct tlb_cpu *cpu)
{
	return __atomic_load_n(&cpu->deferred.value, __ATOMIC_ACQUIRE);
}
/* Boot: tells the current thread's debts, a bit for each CPU; NULL where it keeps none. */
void ktlb_set_debts_hook(uint64_t *(*hook)(void));

/*
 * Every way into the kernel, before any access that user input can steer. Flushes if a downgrade
 * happened since the last flush. Returns the mode that was in force, for paths that return to the
 * middle of something (NMI, #MC, #DB).
 */
enum cpu_mode ktlb_enter(void);
/*
 * The same for entry code that stored CPU_KERNEL and executed a full barrier (a CR3 load is one)
 * itself.
 */
void ktlb_catch_up(void);
/* Has it anything to do? One look, as syscall.asm's. */
static inline bool ktlb_is_behind(void)
{
	return PERCPU_READ(offsetof(struct cpu, tlb.seen)) !=
	       __atomic_load_n(&ktlb_newest.value, __ATOMIC_RELAXED);
}
/* For who was asked: the same, and with ptprot what counts is raised. */
void ktlb_serve(void);
/*
 * The way out: mode to be in force, CPU_USER, CPU_IDLE or what ktlb_enter returned. Before the CR3
 * switch.
 */
void ktlb_leave(enum cpu_mode mode);

/* Now. */
uint64_t ktlb_generation(void);
