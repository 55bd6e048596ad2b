/* The policy table (policy.def) as data, and the state of a frame. */
#pragma once

#include "mm/frame/frame.h"

enum policy_state {
#define POLICY(state, direct_map, view, rights, second_view, second_rights, text) STATE_##state,
#include "mm/table/policy.def"
#undef POLICY
	NR_POLICY_STATES,
};

enum policy_rights {
	RIGHTS_ABSENT,
	RIGHTS_R,
	RIGHTS_RX,
	RIGHTS_RW,
	RIGHTS_RW_RX,
	RIGHTS_REQUIRED_RW,
	RIGHTS_REQUIRED_R
};
enum policy_view {
	VIEW_NONE,
	VIEW_KSPACE,
	VIEW_POOLS,
	VIEW_ENTRY_AREA,
	VIEW_IMAGE,
	VIEW_USER_HALF,
	VIEW_DIRECT_MAP,
	VIEW_WINDOW,
	VIEW_MARKS
};

struct policy {
	const char *name;
	enum policy_rights direct_map;
	enum policy_view view;
	enum policy_rights rights;
	enum policy_view second_view; /* VIEW_NONE: the own one alone */
	enum policy_rights second_rights;
	const char *text;
};
extern const struct policy policy_table[NR_POLICY_STATES];

enum policy_state policy_state_of(pfn_t frame);
/*
 * Nobody may write to it through its own view: kernel text and constants, what is read-only after
 * boot, sealed pools.
 */
bool policy_is_sealed(enum policy_state state);
bool frame_is_sealed(pfn_t frame);
/* The most that a frame of this state may be mapped with in a view. */
enum policy_rights policy_rights_in(enum policy_state state, enum policy_view view);
/* Which view a kernel-half address belongs to; VIEW_NONE: none, nothing may be mapped there. */
enum policy_view policy_view_of(uint64_t address);
const char *policy_view_name(enum policy_view view);
/* "absent", "R", "RX", "RW", "RW or RX" */
const char *policy_rights_name(enum policy_rights rights);
