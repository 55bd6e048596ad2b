/*
 * Address spaces: the user half's regions and page tables.
 */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "core/lock.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/types.h"
#include "mm/frame/frame.h"
#include "mm/gate/current/switch.h"
#include "mm/tlb/tlb.h"

enum rights { RIGHT_READ = 1, RIGHT_WRITE = 2, RIGHT_EXECUTE = 4 };
enum region_flags {
	REGION_SHARED = 1, /* fork shares the frames instead of copying them */
	REGION_HUGE = 2,   /* 2 MiB pages */
};

/* [start, end) of one kind of memory; regions of an address space do not overlap and are sorted.
 * Guarded by as->lock. */
struct region {
	struct list node;
	uint64_t start, end;
	uint8_t rights, flags; /* enum; region_set_rights alone writes them */
	uint8_t denied;        /* rights that no first touch of a page of 4 KiB may want: all
				  where it has none, or pages of 2 MiB */
	uint64_t entry_flags;  /* of a page's entry under these */
	/* region_tree.h: below it in the tree; the largest gap before any region of its subtree,
	 * for pages of 4 KiB and of 2 MiB */
	struct region *left, *right;
	uint64_t gap_max, huge_max;
};

/* Both ends of a range cut, and a region added between. */
enum { REGION_SPARES = 3 };

/* What is going on between two pieces of a change: as_change.h. */
enum as_change {
	CHANGE_NONE,
	CHANGE_REGIONS, /* munmap, mprotect and their like */
	CHANGE_FORK,    /* the child is to have all pages as they were at one time */
	CHANGE_PAGE,    /* a page of 2 MiB is made or copied: as_large.c */
	CHANGE_MOVE,    /* mremap: pages are on their way to another place */
};

/* From where to where pages move: as_change.h. */
struct as_move {
	uint64_t from, to, len_bytes;
};

struct as {
	struct lock lock;
	struct as_tlb tlb;
	pfn_t root;          /* kernel root; the shadow root is the next frame */
	uint32_t users;      /* threads and kernel references */
	struct list regions; /* sorted by start */
	struct list *near;   /* in that list: where the last search ended */
	struct region *tree; /* region_tree.h; NULL: there are few */
	uint32_t nr_regions;
	uint32_t nr_spares;
	struct region *spares[REGION_SPARES]; /* taken by cuts, which so cannot fail */
	bool has_huge;                        /* a region of 2 MiB pages was mapped once */
	bool has_stray_tables; /* page tables may exist where there is no region any more */
	/* The page table used last, and the 2 MiB that it stands for; NULL: none. as_pages.h */
	pte_t *table;
	uint64_t table_start;
	uint64_t nr_pages;             /* present user pages, 4 KiB units */
	uint64_t heap_start, heap_end; /* brk */
	uint32_t change;               /* enum as_change; written with the lock, read without */
	uint32_t nr_waiting;           /* for its end */
	struct as_move move;           /* with CHANGE_MOVE */

	struct list all; /* list of all address spaces, for the audit; guarded by its own lock */
};

/* An empty user half. ENOMEM. */
status_t as_create(struct as **out) MUST_CHECK;
/* The same, to be filled with a program of the archive, by its index. EFAULT: it may not. */
status_t as_create_for(unsigned file, struct as **out) MUST_CHECK;
/* Takes and drops a reference; the last drop frees everything, and Blocks. This CPU leaves it, if
 * it has it loaded. */
void as_get(struct as *as);
void as_put(struct as *as);
/* Flushes: loads the address space's root (NULL: the kernel's own) on this CPU. */
void as_switch(struct as *as);
/* Before user memory is used, and after each wait while it is: another root may have stayed loaded.
 */
static inline void as_settle(void)
{
	if (UNLIKELY(!current_root_is_loaded())) {
		as_tlb_settle();
	}
}
/*
 * fork: copy-on-write of all private regions. The parent's writable entries become read-only.
 * `written`: in a page that both sides write to at once, for which nobody else may meanwhile; 0:
 * unknown. The child's root is new: it is published as it becomes a process's (credential.h).
 * Blocks. ENOMEM; EINTR: the thread must end.
 */
status_t as_clone(struct as *parent, uva_t written, struct as **out) MUST_CHECK;

/*
 * mmap, munmap, mprotect, brk. Addresses and lengths in bytes, page aligned except where said. All
 * checks come first: EINVAL, ENOMEM, EEXIST. `at` of 0: choose. `fixed` replaces what is there.
 * Long ones are done in pieces (as_change.h) and Block; EINTR: the thread must end, and some of it
 * may be done.
 */
enum as_map_how {
	AS_MAP_ANYWHERE,
	AS_MAP_HINT,
	AS_MAP_FIXED,
	AS_MAP_FIXED_NOREPLACE,
	AS_MAP_LOW, /* anywhere below LOW_TOP */
};
#define LOW_TOP (2ul << 30)
status_t as_map(struct as *as, enum as_map_how how, uint64_t at, uint64_t len_bytes,
		unsigned rights, unsigned region_flags, uva_t *out) MUST_CHECK;
status_t as_unmap(struct as *as, uva_t at, uint64_t len_bytes) MUST_CHECK;
status_t as_protect(struct as *as, uva_t at, uint64_t len_bytes, unsigned rights) MUST_CHECK;
/* Returns the break in force, the old one where the request cannot be met. */
uint64_t as_brk(struct as *as, uint64_t wanted);
/* madvise(MADV_DONTNEED): the pages read as zero afterwards. ENOMEM, and done all the same: not
 * every page of the range is in a region. */
status_t as_discard(struct as *as, uva_t at, uint64_t len_bytes) MUST_CHECK;

/*
 * Page fault at a user address: demand zero, copy-on-write. Any right includes that to read. Blocks
 * while a change goes on that may answer it otherwise. EFAULT: no region or no right; ENOMEM;
 * EINTR: the thread must end.
 */
status_t as_fault(struct as *as, uva_t at, unsigned wanted_rights) MUST_CHECK;
/* Does not block, whatever change goes on. EFAULT for a page of 2 MiB, too. */
status_t as_fault_now(struct as *as, uva_t at, unsigned wanted_rights) MUST_CHECK;

/*
 * Writes into an address space that is not loaded (the first stack), through the
 * private window. The regions must exist; rights are not checked. Nobody else may know the address
 * space. In pieces, each of one page table: those before one that fails stay. Blocks. EFAULT,
 * ENOMEM; EINTR: the thread must end.
 */
enum { AS_WRITE_PAGES = ASSERTIONS ? 32 : 64 };
status_t as_write(struct as *as, uva_t to, const void *from, uint64_t len_bytes) MUST_CHECK;
/* The same of the bytes of a program's file, one segment after the other (mm/gate/half/program.h).
 */
struct elf_segment;
status_t as_load(struct as *as, const struct elf_segment *segment, const uint8_t *file) MUST_CHECK;

/* Frame mapped at a page of the *current* address space, for pagemap. EFAULT when none. */
status_t as_lookup(struct as *as, uva_t at, pfn_t *out) MUST_CHECK;
