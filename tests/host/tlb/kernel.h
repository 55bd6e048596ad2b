/*
 * The kernel around the code under test: what the entry code, the scheduler and the memory
 * management do with it, reduced to one page-table entry at a time. The stubs take the steps of the
 * assembly in its order.
 */
#pragma once

#include "machine.h"

/* A machine with all CPUs booting; each goes to user mode in its address space, then runs body. */
void kernel_boot(const struct sim_config *config, void (*body)(void));

/* user mode -> kernel -> user mode. The CPU must be in user mode, in the kernel respectively. */
void kernel_enter(void);
void kernel_exit(void);
/* One step of a user program; interrupts come here. */
void user_step(void);
/* Waits for an interrupt, or for nothing: back in the kernel's mode afterwards. From the kernel. */
void kernel_idle(void);

/* A spinlock, as core/lock.c has them: serves requests while it waits. */
void kernel_lock(tlb_word_t *lock);
void kernel_unlock(tlb_word_t *lock);

/* Runs another address space's process (SIM_NOBODY: none). Its memory is used after the next way
 * out, or from kernel_use_memory on. */
void kernel_run(int space);
void kernel_use_memory(void);
/* An address space that no CPU uses, kept from being run; and the end of that. */
bool space_claim(unsigned space);
void space_release(unsigned space);
/* The address space dies and a new one takes its root, if no CPU uses it. */
void kernel_recycle(unsigned space);

/*
 * XPFO on kernel page `page`, whose frame is the kernel's (revealed), at rest, or the user's. The
 * large page is split and joined for it. Each does nothing when the frame is not in the state it
 * starts from.
 */
void frame_hide(unsigned page); /* revealed -> at rest, with a generation */
void frame_give_if_complete(
	unsigned page); /* at rest -> user's, if nobody can use the old translation */
void frame_give_waiting(unsigned page); /* at rest -> user's, waits */
void frame_give_sync(unsigned page);    /* revealed -> user's by IPI to all */
void frame_give_local(unsigned page);   /* revealed -> user's, flushed here only: not secure */
void frame_give_deferred(
	unsigned page); /* revealed -> user's, others flush at their next switch: not secure */
void frame_give_owed(
	unsigned page); /* revealed -> user's, the giver flushes where it runs next: not secure */
void frame_reveal(unsigned page);      /* user's -> revealed */
void frame_seal(unsigned page);        /* revealed, made stricter, returns when that is complete */
void frame_table_drop(unsigned large); /* all user's: frees the table that mapped them */

enum page_how { PAGE_UNMAP, PAGE_PROTECT, PAGE_REPLACE, PAGE_UNMAP_ALL };
/* munmap, mprotect, copy-on-write (another frame); PAGE_UNMAP_ALL flushes a large range, whatever
 * else is in it. */
void page_downgrade(unsigned space, unsigned page, enum page_how how);
/* As many downgrades as bring the generation to the last one. */
void kernel_go_round(unsigned space);
void page_map(unsigned space, unsigned page);
/*
 * With the gate, once: a lie has whoever makes an entry stricter next wait for nobody. Where a page
 * goes the gate asks all the same.
 */
extern bool kernel_leaves_out_wait;
/* Frees the page's table, if the page is not mapped. */
void table_drop(unsigned space, unsigned page);

void kernel_mm_init(void);
void kernel_as_init(void);
/* Kernel work with the window open. */
void kernel_window(void);
