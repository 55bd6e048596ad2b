/* Which row of the policy a frame falls under, and which view an address. */
#include "mm/table/policy.h"

#include "arch/x86_64/entry/entry_set.h"
#include "core/options.h"
#include "lib/builds.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"

const struct policy policy_table[NR_POLICY_STATES] = {
#define POLICY(state, direct_map, view, rights, second_view, second_rights, text)                  \
	{ #state,                                                                                  \
	  RIGHTS_##direct_map,                                                                     \
	  VIEW_##view,                                                                             \
	  RIGHTS_##rights,                                                                         \
	  VIEW_##second_view,                                                                      \
	  RIGHTS_##second_rights,                                                                  \
	  text },
#include "mm/table/policy.def"
#undef POLICY
};

static enum policy_state image_state(const char *page)
{
	if (page >= entry_text_start && page < entry_text_end) {
		return STATE_ENTRY_TEXT;
	}
	if (page < text_end) {
		return STATE_IMAGE_TEXT;
	}
	return page < ro_after_init_end ? STATE_IMAGE_RODATA : STATE_IMAGE_DATA;
}

static enum policy_state pool_state(unsigned flags)
{
	if (!(flags & FRAME_SEALED)) {
		return flags & FRAME_HIDDEN ? STATE_POOL_OPEN : STATE_PLAIN_OPEN;
	}
	if (flags & FRAME_HIDDEN) {
		return STATE_POOL_SEALED;
	}
	return options.pmalloc == pmalloc_roalias ? STATE_ROALIAS_SEALED : STATE_PLAIN_SEALED;
}

static enum policy_state entry_state(unsigned flags)
{
	if (flags & FRAME_SEALED) {
		return STATE_ENTRY_SEALED;
	}
	return flags & FRAME_HIDDEN ? STATE_ENTRY_PRIVATE : STATE_ENTRY;
}

static enum policy_state kernel_state(const struct frame *frame)
{
	if (frame->flags & FRAME_SEALED) {
		return STATE_KERNEL_SEALED;
	}
	return KASAN && frame_is_of_marks(frame) ? STATE_MARKS : STATE_KERNEL;
}

enum policy_state policy_state_of(pfn_t frame)
{
	uint64_t image_offset = pfn_to_pa(frame).pa - LOAD_BASE;
	const struct frame *entry;

	if (image_offset < (uint64_t)(image_end - image_start)) {
		return image_state(image_start + image_offset);
	}
	if (!pfn_is_valid(frame)) {
		return STATE_RESERVED;
	}
	entry = frame_entry(frame);
	switch ((enum owner)entry->owner) {
	case OWNER_FREE:
		return entry->flags & FRAME_HIDDEN ? STATE_FREE_HIDDEN : STATE_FREE_REVEALED;
	case OWNER_KERNEL: return kernel_state(entry);
	case OWNER_PTABLE: return gate_in_force == ptprot_off ? STATE_PTABLE : STATE_PTABLE_GUARDED;
	case OWNER_ENTRY: return entry_state(entry->flags);
	case OWNER_USER:
		return entry->flags & FRAME_HIDDEN && !entry->kmaps ? STATE_USER_HIDDEN
								    : STATE_USER_MAPPED;
	case OWNER_POOL: return pool_state(entry->flags);
	default: return STATE_RESERVED;
	}
}

bool policy_is_sealed(enum policy_state state)
{
	const struct policy *policy = &policy_table[state];

	return policy->view != VIEW_NONE &&
	       (policy->rights == RIGHTS_R || policy->rights == RIGHTS_RX);
}

enum policy_rights policy_rights_in(enum policy_state state, enum policy_view view)
{
	const struct policy *policy = &policy_table[state];

	if (view == VIEW_NONE) {
		return RIGHTS_ABSENT;
	}
	if (view == VIEW_DIRECT_MAP) {
		return policy->direct_map;
	}
	if (view == policy->view) {
		return policy->rights;
	}
	return view == policy->second_view ? policy->second_rights : RIGHTS_ABSENT;
}

bool frame_is_sealed(pfn_t frame) { return policy_is_sealed(policy_state_of(frame)); }

enum policy_view policy_view_of(uint64_t address)
{
#define FIXED(view, base, bytes, text)                                                             \
	if (address - (uint64_t)(base) < (uint64_t)(bytes)) {                                      \
		return VIEW_##view;                                                                \
	}
#define DRAWN(view, base, bytes, lowest, end, text) FIXED(view, base, bytes, text)
#include "mm/table/layout.def"
	return VIEW_NONE;
}

const char *policy_view_name(enum policy_view view)
{
	static const char *const names[] = {
		[VIEW_NONE] = "no region",        [VIEW_KSPACE] = "kernel space",
		[VIEW_POOLS] = "pools",           [VIEW_ENTRY_AREA] = "entry area",
		[VIEW_IMAGE] = "kernel image",    [VIEW_USER_HALF] = "user half",
		[VIEW_DIRECT_MAP] = "direct map", [VIEW_WINDOW] = "private window",
		[VIEW_MARKS] = "marks",
	};

	return names[view];
}

const char *policy_rights_name(enum policy_rights rights)
{
	static const char *const names[] = {
		[RIGHTS_ABSENT] = "absent",  [RIGHTS_R] = "R",
		[RIGHTS_RX] = "RX",          [RIGHTS_RW] = "RW",
		[RIGHTS_RW_RX] = "RW or RX", [RIGHTS_REQUIRED_RW] = "RW",
		[RIGHTS_REQUIRED_R] = "R",
	};

	return names[rights];
}
