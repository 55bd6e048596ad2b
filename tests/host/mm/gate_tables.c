/* For tests without page tables. */
#include "mm/gate/operations.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/panic.h"

#define NONE(name)                                                                                 \
	uint64_t name(uint64_t a, uint64_t b, uint64_t c, uint64_t d)                              \
	{                                                                                          \
		(void)a, (void)b, (void)c, (void)d;                                                \
		abort();                                                                           \
	}
NONE(gate_entry_set)
NONE(gate_entries_fill)
NONE(gate_tables_clear)
NONE(gate_root_make)
NONE(gate_root_change)
NONE(gate_root_end)
NONE(gate_entries_share)
NONE(gate_page_clone)
NONE(gate_table_link)
NONE(gate_page_map)
NONE(gate_page_replace)
NONE(gate_pages_park)
NONE(gate_pages_write)
NONE(gate_pages_move)
NONE(gate_page_give)
NONE(gate_page_consent)
NONE(gate_pages_release)
NONE(gate_large_take)
NONE(gate_large_copy)
NONE(gate_large_clear)
NONE(gate_large_free)
NONE(gate_frame_hold)
NONE(gate_pool_seal)
NONE(gate_pool_write)
NONE(gate_frame_clear)
NONE(gate_root_empty)

uint64_t direct_map_base, ptable_user_slot_flags;

struct shared entries_share_raw(pte_t *from, pte_t *to, unsigned nr, bool is_private)
{
	(void)from, (void)to, (void)nr, (void)is_private;
	abort();
}

struct shared shared_in(uint64_t result)
{
	(void)result;
	abort();
}

void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	abort();
}

void table_link_raw(pte_t *entry, pfn_t table)
{
	(void)entry, (void)table;
	abort();
}

void large_take(pfn_t first)
{
	(void)first;
	abort();
}

void large_free(pfn_t first)
{
	(void)first;
	abort();
}

bool direct_map_has(pfn_t frame)
{
	(void)frame;
	abort();
}

__attribute__((weak)) uint64_t cr3_value(void) { abort(); }
