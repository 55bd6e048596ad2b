/*
 * What the auditor's parts share. Each looks at its own kind of thing; the world stands still
 * meanwhile, every other CPU in the middle of nothing, so no lock is taken and what is checked
 * holds exactly.
 */
#pragma once

#include "abi/bulwark.h"
#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/paging.h"
#include "lib/format.h"
#include "mm/as/as.h"
#include "mm/frame/frame.h"
#include "mm/table/entry_area.h"
#include "mm/table/policy.h"
#include "mm/watch/audit.h"

struct audit {
	struct bw_audit *result;
	const char *root_name;
	cr3_t loaded; /* on this CPU, when it began */

	/* The walk: what is walked, for what the entry area and the user half hold. */
	pfn_t root, window_table;
	enum entry_roots roots;
	const struct as *as;         /* NULL: none, so nothing may be in the user half */
	const struct region *region; /* of as: none before it ends above the walk's address */
	uint64_t nr_user_pages;      /* of as, 4 KiB units */
	const struct as *miscounted; /* the first that has other than it counts; */
	uint64_t nr_miscounted;      /* and what it has */

	uint64_t nr_direct; /* direct-map leaves seen */
	uint64_t nr_device; /* leaves seen that show the registers of devices */
	bool has_window;    /* this CPU's can be used to look at hidden frames */
};

/* One leaf. The tables that lead to it take no right away: audit.c has looked at that. */
struct leaf {
	uint64_t address;
	enum policy_view view;
	pte_t pte;
	pfn_t frame;
	unsigned level;
	bool writable, executable;
};

/*
 * Where a frame is at home: on a free list, in the tables, at its place in kernel space, the entry
 * area or a pool. Each is at home once. False: it was seen before.
 */
static inline bool audit_see(pfn_t frame)
{
	bool before = frame_link(frame)->is_seen;

	frame_link(frame)->is_seen = true;
	return !before;
}

/* An entry but for what the processor notes in it. */
static inline uint64_t audit_without_use(pte_t pte)
{
	return pte.value & ~(uint64_t)(PTE_ACCESSED | PTE_DIRTY);
}

/* --- audit.c --- */

/* Holds every leaf below the top-level entries [first, end) of a root against the policy. */
void audit_walk_slots(struct audit *audit, pfn_t root, unsigned first, unsigned end);
/* A table, of any level, that nothing else leads to. False: it must not be read. */
bool audit_table(struct audit *audit, pfn_t table);
/* Is the kernel half of a root that of the kernel's own? `except`: but for this slot. */
bool audit_kernel_half(struct audit *audit, pfn_t root, unsigned except);
/* Nothing is in the user half of a root. */
void audit_user_half_empty(struct audit *audit, pfn_t root);

/* --- audit_leaf.c --- */

void audit_leaf(struct audit *audit, const struct leaf *leaf);
/* "R", "RW", "RX", "RWX" */
const char *audit_rights_text(const struct leaf *leaf);

/* --- audit_direct.c --- */

/* The large pages of the direct map, whole or split, and the tables reserved for them. */
void audit_direct_map(struct audit *audit);

/* --- audit_user.c --- */

/* A leaf of the user half against its region, its frame's order and references; counts it. */
void audit_user_leaf(struct audit *audit, const struct leaf *leaf);
/* One address space: regions, both roots, every page. */
void audit_as(struct audit *audit, const struct as *as);
/* Afterwards: does each have as many pages as it counts? What may be the reason for it was said
 * before. */
void audit_as_counts(struct audit *audit);
/* What was counted of a USER frame against what the frame table says. */
void audit_user_frame(struct audit *audit, pfn_t frame);

/* --- audit_shadow.c --- */

/* The shadow root of the pair: its user half is the kernel root's, the rest the entry area's one
 * entry. */
void audit_shadow_root(struct audit *audit, pfn_t kernel_root_of_pair);
/* A page of the entry area: a part of it, its one frame, the rights of that kind of root. */
void audit_entry_leaf(struct audit *audit, const struct leaf *leaf);
/* What all shadow roots show of the kernel; and no page of the entry area is missing. */
void audit_entry_area(struct audit *audit);

/* --- audit_cpu.c --- */

/* What CPUs keep of an address space: who has it loaded, and what they load for it. */
void audit_cpus_of(struct audit *audit, const struct as *as);
/* Everything else that CPUs keep: windows, CR3 values, spare tables and roots. */
void audit_cpus(struct audit *audit);

/* --- audit_protected.c --- */

/* Where protected words lie: protected.def. */
void audit_protected(struct audit *audit);

/* --- audit_free.c --- */

/* Every place where free frames are; what is hidden there is zero. */
void audit_free_places(struct audit *audit);

/* --- audit_frames.c --- */

/* A number that the books have against what was found. */
void audit_count(struct audit *audit, const char *what, uint64_t nr, uint64_t counted);
/* Every frame: its flags, its history, its home; and the books. Forgets what was seen. */
void audit_frames(struct audit *audit);
