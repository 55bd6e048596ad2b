/* Where it writes page tables: where everybody sees them. */
#include "mm/gate/operations.h"

#include <stdlib.h>

#include "core/log.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/kspace.h"
#include "mm/frame/window.h"
#include "mm/pool/pool.h"
#include "mm/table/policy.h"

/* Where the test has no pools, and no stacks. */
__attribute__((weak)) const union pool_slot *pool_slot(slot_id id, enum slot_kind kind)
{
	(void)id, (void)kind;
	abort();
}

__attribute__((weak)) uint64_t kspace_base, pool_base;

pte_t *gate_window_open(enum gate_place place, pfn_t table)
{
	(void)place, (void)table;
	abort();
}

void gate_window_close(enum gate_place place)
{
	(void)place;
	abort();
}

struct released *gate_answer(void) { abort(); }

void gate_copy(pfn_t to, pfn_t from, unsigned nr)
{
	(void)to, (void)from, (void)nr;
	abort();
}

uint64_t gate_stack_top(unsigned cpu)
{
	(void)cpu;
	abort();
}

/* Frames of pools. */
void gate_write(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, const void *from,
		uint64_t len_bytes)
{
	window_write(targets, nr, offset_bytes, from, len_bytes);
}

void gate_set(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, int byte,
	      uint64_t len_bytes)
{
	window_set(targets, nr, offset_bytes, byte, len_bytes);
}

bool gate_may_read(const void *from, uint64_t len_bytes)
{
	(void)from, (void)len_bytes;
	return true;
}

bool gate_store(pfn_t frame, uint64_t offset_bytes, uint64_t value, unsigned size_bytes)
{
	window_store(frame, offset_bytes, value, size_bytes);
	return true;
}

/* Scrubs as frame_put.c does. */
void gate_zero(const pfn_t *frames_to_zero, unsigned nr) { window_zero(frames_to_zero, nr); }

/* Asked from gate_begin on. */
enum policy_state policy_state_of(pfn_t frame)
{
	(void)frame;
	abort();
}

/* Asked of what is written to, too. */
enum policy_view policy_view_of(uint64_t address)
{
	return address - pool_base < POOL_SIZE ? VIEW_POOLS : VIEW_NONE;
}

enum policy_rights policy_rights_in(enum policy_state state, enum policy_view view)
{
	(void)state;
	(void)view;
	abort();
}

struct gate_kept *gate_kept_own(void) { abort(); }

void gate_pools_changed(void) { abort(); }

bool gate_pools_are_settled(void) { abort(); }

uint64_t gate_pools_next(void) { abort(); }

void gate_pools_next_set(uint64_t address)
{
	(void)address;
	abort();
}

bool root_is_made_by_us(pfn_t root)
{
	(void)root;
	return true;
}

/* Where the test has no log of its own. */
__attribute__((weak)) void log_print(const char *format, ...) { (void)format; }

__attribute__((weak)) uint64_t cr3_value(void) { abort(); }
