/* Checks the facts that Multiboot2 and PVH have in common. */
#include "loader_facts.h"

#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "memory_map.h"

enum { MEMORY_AVAILABLE = 1 };

static_assert(sizeof(struct facts_range) == 24,
	      "Multiboot2 specification, \"Memory map\"; Xen, \"hvm_memmap_table_entry\"");

status_t facts_command_line(struct boot_info *info, const char *text, uint64_t max_bytes)
{
	size_t len = strnlen(text, max_bytes);

	if (len >= sizeof(info->command_line)) {
		format(info->error, sizeof(info->error),
		       "the command line is too long: at most %zu bytes are taken",
		       sizeof(info->command_line) - 1);
		return STATUS_EINVAL;
	}
	if (len == max_bytes) {
		format(info->error, sizeof(info->error), "the command line has no end");
		return STATUS_EINVAL;
	}
	string_copy(info->command_line, text, sizeof(info->command_line));
	return STATUS_OK;
}

status_t boot_info_check(struct boot_info *info, pa_t start, pa_t end, const char *what)
{
	for (unsigned i = 0; i < info->nr_modules; i++) {
		const struct boot_module *module = &info->modules[i];

		if (module->start.pa < end.pa && start.pa < module->end.pa) {
			format(info->error, sizeof(info->error),
			       "module %u at %#lx to %#lx overlaps %s at %#lx to %#lx", i,
			       module->start.pa, module->end.pa, what, start.pa, end.pa);
			return STATUS_EINVAL;
		}
	}
	return STATUS_OK;
}

status_t facts_module(struct boot_info *info, pa_t start, pa_t end, const char *name,
		      uint64_t name_max)
{
	struct boot_module *module = &info->modules[info->nr_modules];

	if (name_max > 0 && strnlen(name, name_max) == name_max) {
		format(info->error, sizeof(info->error), "the name of module %u has no end",
		       info->nr_modules);
		return STATUS_EINVAL;
	}
	if (start.pa >= end.pa) {
		format(info->error, sizeof(info->error), "module %u is empty: %#lx to %#lx",
		       info->nr_modules, start.pa, end.pa);
		return STATUS_EINVAL;
	}
	if (info->nr_modules == MODULES_MAX) {
		format(info->error, sizeof(info->error), "more than %d modules", MODULES_MAX);
		return STATUS_EINVAL;
	}
	if (boot_info_check(info, start, end, "another module")) {
		return STATUS_EINVAL;
	}
	module->start = start;
	module->end = end;
	string_copy(module->name, name_max > 0 ? name : "", sizeof(module->name));
	info->nr_modules++;
	return STATUS_OK;
}

/* The entries that are available memory, or all the others. */
static void add_ranges(struct boot_info *info, const uint8_t *entries, uint32_t nr,
		       uint32_t entry_bytes, bool are_available)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct facts_range range; /* a copy: PVH promises no alignment */

		memcpy(&range, entries + (uint64_t)i * entry_bytes, sizeof(range));
		if ((range.type == MEMORY_AVAILABLE) != are_available) {
			continue;
		}
		if (are_available) {
			memory_map_add(info, range.start, range.len);
		} else {
			memory_map_remove(info, range.start, range.len);
		}
	}
}

/* First what may be used, then what may not: the latter wins where the two overlap. */
void facts_memory_map(struct boot_info *info, const void *entries, uint32_t nr,
		      uint32_t entry_bytes)
{
	add_ranges(info, entries, nr, entry_bytes, true);
	add_ranges(info, entries, nr, entry_bytes, false);
}

void facts_rsdp(struct boot_info *info, const void *rsdp, uint64_t len_bytes)
{
	unsigned len = (unsigned)MIN(len_bytes, (uint64_t)RSDP_BYTES);

	if (len > info->rsdp_len) {
		memcpy(info->rsdp, rsdp, len);
		info->rsdp_len = len;
	}
}

status_t facts_finish(struct boot_info *info)
{
	if (info->nr_usable == 0) {
		format(info->error, sizeof(info->error), "no usable memory");
		return STATUS_EINVAL;
	}
	return STATUS_OK;
}
