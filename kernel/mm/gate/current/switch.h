/*
 * Who runs on a processor (core/current.h): which kernel stack, whose, and in which address space.
 * gate.h says what holds for all operations.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "core/cpu.h"

/*
 * A kernel stack that is in use: whose entry of credentials its thread acts by, and where it goes
 * on while it does not run, counted from its slot's first byte; 0: it runs. Protected.
 */
struct kstack_owner {
	uint32_t rsp;
	uint32_t pid; /* CURRENT_KERNEL: none's, of the kernel's own */
};
extern struct kstack_owner *kstack_owners; /* by slot: kspace.h */
extern uint32_t nr_kstacks;
/* How many of them each pid has. Protected. */
extern uint16_t *kstack_counts;
enum { KSTACK_PIDS = 32768 }; /* every entry of credentials has one: credentials_write.c */

/* Boot: a processor's first thread, which is the kernel's own, runs on this stack. */
void switch_begin_cpu(unsigned cpu, uint32_t stack);
/*
 * It is this process's from now on, and goes on at KSTACK_FIRST_RSP: the current process's, or
 * one's that it has just made. And nobody's: it does not run.
 */
void stack_give(uint32_t stack, uint32_t pid);
void stack_take(uint32_t stack);
/*
 * Another stack goes on, and its owner is current, in the address space that its entry of
 * credentials names: context_switch (arch/x86_64/entry/switch.h) calls the operation itself, by the
 * way that is in force. Flushes as needed. What the switch did, in the low bits of where it goes
 * on, which is a multiple of 8:
 */
enum switch_did {
	SWITCH_BINDS = 1,   /* which table of calls serves the thread is for calls_bind to say */
	SWITCH_LOADED = 2,  /* CR3 was written: user_half.h */
	SWITCH_FLUSHED = 4, /* the slot's PCIDs, by that */
	SWITCH_DID = 7
};
/* The stack stays, in the address space that the current entry names; how that is done. */
enum switch_how {
	SWITCH_TO_KERNEL = 1, /* in none */
	SWITCH_LOAD = 2,      /* it is loaded at once, whether it is in use already or not */
	SWITCH_LEAVE = 4,     /* the thread is its process's no more */
};
/* Returns enum switch_did. */
unsigned stack_switch_here(unsigned how);
/* The current root is loaded, and flushed if its slot is stale. */
unsigned stack_settle(void);
/* GATE_SWITCH with ptprot=off: the same, and nobody asks whether the root lives. */
uint64_t switch_openly(uint64_t stack, uint64_t rsp, uint64_t slot);
/* Has CR3 the kernel root of who is current? */
static inline bool current_root_is_loaded(void)
{
	return !((cr3_value() ^ current_here()->kernel_cr3.value) & CR3_ROOT_MASK);
}
