/* Where it writes page tables: where everybody sees them. */
#include "mm/gate/operations.h"

#include <stdlib.h>

#include "core/log.h"
#include "mm/direct_map.h"
#include "mm/policy.h"
#include "mm/window.h"

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

void gate_copy(pfn_t to, pfn_t from)
{
	(void)to, (void)from;
	abort();
}

uint64_t gate_stack_top(unsigned cpu)
{
	(void)cpu;
	abort();
}

void gate_write(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, const void *from,
		uint64_t len_bytes)
{
	(void)targets, (void)nr, (void)offset_bytes, (void)from, (void)len_bytes;
	abort();
}

void gate_zero_range(pfn_t first, unsigned nr)
{
	(void)first, (void)nr;
	abort();
}

/* Scrubs as frame_put.c does. */
void gate_zero(const pfn_t *frames_to_zero, unsigned nr) { window_zero(frames_to_zero, nr); }

/* Asked from gate_begin on. */
enum policy_state policy_state_of(pfn_t frame)
{
	(void)frame;
	abort();
}

enum policy_view policy_view_of(uint64_t address)
{
	(void)address;
	abort();
}

enum policy_rights policy_rights_in(enum policy_state state, enum policy_view view)
{
	(void)state;
	(void)view;
	abort();
}

pfn_t gate_root_before(void) { abort(); }

bool root_is_ours(pfn_t root)
{
	(void)root;
	return true;
}

/* Where the test has no log of its own. */
__attribute__((weak)) void log_print(const char *format, ...) { (void)format; }

__attribute__((weak)) cr3_t cr3_read(void) { abort(); }
