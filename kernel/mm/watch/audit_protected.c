/*
 * Protected memory (protected.def) from its address on: each page is there, and is of a state that
 * no view may show writable. Whether a root does so all the same the walk has looked at: it holds
 * each leaf of each root against its frame's state.
 */
#include "core/options.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/kspace.h"
#include "mm/gate/gate.h"
#include "mm/pool/pool.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/watch/audit_walk.h"

static bool lets_write(enum policy_rights rights)
{
	return rights == RIGHTS_RW || rights == RIGHTS_RW_RX || rights == RIGHTS_REQUIRED_RW;
}

static bool may_be_written(enum policy_state state)
{
	const struct policy *policy = &policy_table[state];

	return lets_write(policy->direct_map) || lets_write(policy->rights) ||
	       lets_write(policy->second_rights);
}

/* What pmalloc=plain and off make of a sealed pool, and authority=off of the
 * processors' tables and the boot archive. */
static bool is_left_by_option(enum policy_state state)
{
	return (options.pmalloc == pmalloc_plain && state == STATE_PLAIN_SEALED) ||
	       (options.pmalloc == pmalloc_off && state == STATE_PLAIN_OPEN) ||
	       (options.authority == authority_off &&
		(state == STATE_ENTRY || state == STATE_KERNEL || state == STATE_RESERVED));
}

static void check_page(struct audit *audit, const char *name, uint64_t address)
{
	pte_t pte = ptable_lookup(kernel_root, address, NULL);
	enum policy_state state = policy_state_of(pte_frame(pte));

	if (!pte_is_present(pte)) {
		audit_violation(audit, "protected memory, %s: nothing is mapped at %#lx", name,
				address);
	} else if (may_be_written(state) && !is_left_by_option(state)) {
		audit_violation(audit,
				"protected memory, %s: frame %#x at %#lx is %s, which may be "
				"written",
				name, pte_frame(pte).pfn, address, policy_table[state].name);
	}
}

void audit_protected_range(struct audit *audit, const char *name, uint64_t start, uint64_t end)
{
	for (uint64_t page = align_down(start, PAGE_SIZE); page < end; page += PAGE_SIZE) {
		check_page(audit, name, page);
	}
}

static void check_areas(struct audit *audit, const char *name, const struct pool *pool)
{
	for (slot_id id = pool->first_area; id;) {
		const struct pool_area *area = &pool_slot(id, SLOT_AREA)->area;

		audit_protected_range(audit, name, area->base, area->base + area->len_bytes);
		id = area->next;
	}
}

/* A pool that is still being filled is writable. One that is not claimed can be destroyed by
 * anybody who has its name. */
static void check_pools(struct audit *audit, const char *name, const char *wanted)
{
	for (slot_id id = 1; id < pool_header()->nr_slots; id++) {
		const union pool_slot *slot = pool_slot(id, SLOT_POOL);

		if (slot && slot->pool.is_protected && !strcmp(slot->pool.name, wanted)) {
			check_areas(audit, name, &slot->pool);
			if (!slot->pool.is_claimed) {
				audit_violation(audit,
						"protected memory, %s: pool %u is not claimed",
						name, id);
			}
		}
	}
}

static uint32_t nr_pages_of(enum entry_part_id part)
{
	return part == PART_TEXT ? entry_text_pages() : entry_parts[part].nr_pages;
}

static void check_part(struct audit *audit, const char *name, enum entry_part_id part)
{
	unsigned nr = entry_rules[part].is_of_cpu ? nr_cpus : 1;

	for (unsigned cpu = 0; cpu < nr; cpu++) {
		uint64_t start = entry_area_address(part, cpu, 0);

		audit_protected_range(audit, name, start, start + nr_pages_of(part) * PAGE_SIZE);
	}
}

static uint64_t pool_slots_end(void)
{
	return POOL_SLOTS_START + pool_header()->nr_slots * sizeof(union pool_slot);
}

/* The pages that there are. */
static void check_present(struct audit *audit, const char *name, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at = ptable_skip(kernel_root, at)) {
		if (pte_is_present(ptable_lookup(kernel_root, at, NULL))) {
			check_page(audit, name, at);
		}
	}
}

static void check_frame_table(struct audit *audit, const char *name)
{
	check_present(audit, name, (uint64_t)frames, (uint64_t)&frames[nr_frames]);
}

static void check_gate_blocks(struct audit *audit, const char *name)
{
	check_present(audit, name, guarded_base() + GUARDED_FRAMES_SIZE,
		      guarded_base() + GUARDED_SIZE);
}

static void check_page_tables(struct audit *audit, const char *name)
{
	FOR_EACH_FRAME (i) {
		if (frames[i].owner == OWNER_PTABLE) {
			check_page(audit, name, direct_map_address((pfn_t){ i }));
		}
	}
}

void audit_protected(struct audit *audit)
{
	/* whose memory is ordinary with ptprot=off */
#define PROTECTED_BY_GATE(name, text)                                                              \
	if (gate_in_force != ptprot_off) {                                                         \
		check_##name(audit, #name);                                                        \
	}
#define PROTECTED_RANGE(name, start, end, text)                                                    \
	audit_protected_range(audit, #name, (uint64_t)(start), (uint64_t)(end));
#define PROTECTED_POOL(name, pool, text) check_pools(audit, #name, pool);
#define PROTECTED_PART(name, text) check_part(audit, #name, PART_##name);
#define PROTECTED_HIGHER(name, text)
#include "mm/table/protected.def"
#undef PROTECTED_RANGE
#undef PROTECTED_POOL
#undef PROTECTED_PART
#undef PROTECTED_HIGHER
#undef PROTECTED_BY_GATE
}
