/*
 * A processor's translation caches, as full as they could be, for page tables in a guest's memory.
 *
 * The rules are those of the simulated machine (tests/host/tlb/machine.h), for real page tables:
 * per CPU and PCID everything that the loaded root translates is cached at once, every table on the
 * way too, again right after a flush, and nothing is evicted. So what differs from the page tables
 * is all that has to be kept: of each entry that became stricter, its old value, for each CPU and
 * PCID that could have cached it, until a flush removes it. Those are the stale entries. A flush
 * removes what Intel's manual promises and no more: volume 3A, "Operations that Invalidate TLBs and
 * Paging-Structure Caches".
 *
 * A fault of the kernel, reported once for each place:
 *   - an access that a stale entry could serve, when it permits what the page tables do not, or
 * leads to another frame; of the user half after the CPU that changed the entry has left the kernel
 *     or idles, as until then it may still be flushing; of the kernel half when the address is in
 * use again or the frame is;
 *   - a frame that is given to user space, to a pool, or anew from the allocator, when a CPU whose
 *     kernel code user input can steer could still use a stale entry of the kernel half to reach
 * it;
 *   - a page table that is freed, or used elsewhere, while its old place is cached: when the PCID
 * is loaded, or is again without a flush;
 *   - a PCID that is loaded with NOFLUSH for another root than the one it holds.
 *
 * One caller at a time. Events must come in an order in which each CPU's own are in its program
 * order, and what one CPU caused on another comes later. What gives up a right (a CPU is about to
 * leave the kernel, a frame is freed) comes before others can act on it; what takes one (an entry
 * is changed, another CPU gets a frame) when it is done.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { REPLAY_CPUS_MAX = 16 };

enum replay_access { REPLAY_READ, REPLAY_WRITE, REPLAY_FETCH };

/* As the kernel's enum cpu_mode. */
enum replay_mode { REPLAY_USER, REPLAY_IDLE, REPLAY_KERNEL };

struct replay_counts {
	uint64_t accesses;   /* looked at, with stale entries around */
	uint64_t loads;      /* of CR3 */
	uint64_t noflush;    /* of these */
	uint64_t stores;     /* that changed a page-table entry */
	uint64_t flushes;    /* of a page or more, other than loads */
	uint64_t stale;      /* stale entries there have been */
	uint64_t pending;    /* accesses that one could serve while the change was not over */
	uint64_t violations; /* different ones */
};
extern struct replay_counts replay_counts;

/* Memory from physical address 0 up; report gets each fault as a line of text. */
void replay_init(const void *ram, uint64_t ram_bytes, void (*report)(const char *text));

/* A store to this frame changes translations. */
bool replay_is_table(uint64_t pa);
/* It was done. Aligned, at most 8 bytes. */
void replay_store(unsigned cpu, uint64_t pa);

/* As written, with NOFLUSH and PCID. */
void replay_cr3(unsigned cpu, uint64_t cr3);
void replay_invlpg(unsigned cpu, uint64_t address);
/* type: as of the instruction. */
void replay_invpcid(unsigned cpu, unsigned type, unsigned pcid, uint64_t address);

void replay_mode(unsigned cpu, enum replay_mode mode);
/* Can user input steer what the kernel does here? Not any more once it comes in again, either. */
void replay_steerable(unsigned cpu, bool is_steerable);
/* 2^order frames change hands. Owners: mm/frame/frame.h. */
void replay_owner(unsigned cpu, uint64_t frame, unsigned order, unsigned from, unsigned to);

/* Could looking at an access find anything? Without the caller's lock. */
bool replay_wants(unsigned cpu, uint64_t address);
void replay_access(unsigned cpu, uint64_t address, enum replay_access kind, uint64_t rip);
/* An access that faulted; error: the page fault's code. */
void replay_fault(unsigned cpu, uint64_t address, unsigned error);
