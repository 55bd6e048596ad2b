/* The parser of PVH's start information: one structure, which points to the others. */
#include "pvh.h"

#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "loader.h"
#include "loader_facts.h"

struct start_info {
	uint32_t magic;
	uint32_t version; /* 0: the structure ends before memory_map */
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modules_pa;
	uint64_t command_line_pa; /* 0: none */
	uint64_t rsdp_pa;         /* 0: none */
	uint64_t memory_map_pa;
	uint32_t nr_memory_ranges;
	uint32_t reserved;
};

struct module_entry {
	uint64_t pa;
	uint64_t len;
	uint64_t name_pa; /* of its command line; not looked at: qboot leaves it undefined */
	uint64_t reserved;
};

static_assert(sizeof(struct start_info) == 56, "Xen, start_info.h, \"hvm_start_info\"");
static_assert(sizeof(struct module_entry) == 32, "Xen, start_info.h, \"hvm_modlist_entry\"");

enum {
	START_INFO_VERSION_0_BYTES = offsetof(struct start_info, memory_map_pa),
	MEMORY_RANGES_TAKEN = 4096, /* firmware gives some ten; more would only cost time */
	RSDP_REVISION = 15, /* offset; ACPI specification, "Root System Description Pointer" */
	RSDP_BYTES_ACPI_1 = 20,
};

/* Where [pa, pa + len_bytes) can be read; NULL, with a reason: not all of it is in the view. */
static const void *look_at(struct physical_view memory, uint64_t pa, uint64_t len_bytes,
			   const char *what, struct boot_info *out)
{
	if (len_bytes > memory.len_bytes || pa > memory.len_bytes - len_bytes) {
		format(out->error, sizeof(out->error),
		       "%s, %lu bytes at %#lx, does not lie in the memory that can be read", what,
		       len_bytes, pa);
		return NULL;
	}
	return (const void *)(memory.address + pa);
}

/* Version 0 has no memory map; all others begin like version 1. */
static status_t read_start(struct physical_view memory, uint64_t start_pa, struct start_info *start,
			   struct boot_info *out)
{
	const void *bytes =
		look_at(memory, start_pa, START_INFO_VERSION_0_BYTES, "the start information", out);

	if (!bytes) {
		return STATUS_EINVAL;
	}
	memset(start, 0, sizeof(*start));
	memcpy(start, bytes, START_INFO_VERSION_0_BYTES);
	if (start->magic != LOADER_PVH) {
		format(out->error, sizeof(out->error),
		       "no start information at %#lx: it begins with %#x", start_pa, start->magic);
		return STATUS_EINVAL;
	}
	if (start->version == 0) {
		return STATUS_OK;
	}
	bytes = look_at(memory, start_pa, sizeof(*start), "the start information", out);
	if (!bytes) {
		return STATUS_EINVAL;
	}
	memcpy(start, bytes, sizeof(*start));
	return STATUS_OK;
}

static status_t read_command_line(struct physical_view memory, uint64_t pa, struct boot_info *out)
{
	const char *text;

	if (pa == 0) {
		return STATUS_OK;
	}
	text = look_at(memory, pa, 1, "the command line", out);
	if (!text) {
		return STATUS_EINVAL;
	}
	return facts_command_line(out, text,
				  MIN(memory.len_bytes - pa, (uint64_t)COMMAND_LINE_BYTES + 1));
}

static status_t read_module(const struct module_entry *module, struct boot_info *out)
{
	uint64_t end;

	if (__builtin_add_overflow(module->pa, module->len, &end)) {
		format(out->error, sizeof(out->error), "module %u wraps: %#lx bytes at %#lx",
		       out->nr_modules, module->len, module->pa);
		return STATUS_EINVAL;
	}
	return facts_module(out, (pa_t){ module->pa }, (pa_t){ end }, NULL, 0);
}

static status_t read_modules(struct physical_view memory, const struct start_info *start,
			     struct boot_info *out)
{
	const uint8_t *list;

	if (start->nr_modules == 0) {
		return STATUS_OK;
	}
	list = look_at(memory, start->modules_pa,
		       (uint64_t)start->nr_modules * sizeof(struct module_entry),
		       "the list of modules", out);
	if (!list) {
		return STATUS_EINVAL;
	}
	for (uint32_t i = 0; i < start->nr_modules; i++) {
		struct module_entry module; /* a copy: no alignment is promised */

		memcpy(&module, list + i * sizeof(module), sizeof(module));
		if (read_module(&module, out)) {
			return STATUS_EINVAL;
		}
	}
	return STATUS_OK;
}

static status_t read_memory_map(struct physical_view memory, const struct start_info *start,
				struct boot_info *out)
{
	const void *entries;

	if (start->nr_memory_ranges > MEMORY_RANGES_TAKEN) {
		format(out->error, sizeof(out->error),
		       "a memory map of %u entries, at most %d are taken", start->nr_memory_ranges,
		       MEMORY_RANGES_TAKEN);
		return STATUS_EINVAL;
	}
	entries = look_at(memory, start->memory_map_pa,
			  (uint64_t)start->nr_memory_ranges * sizeof(struct facts_range),
			  "the memory map", out);
	if (!entries) {
		return STATUS_EINVAL;
	}
	facts_memory_map(out, entries, start->nr_memory_ranges, sizeof(struct facts_range));
	return facts_finish(out);
}

/* The length depends on the revision: what stands behind a short one is something else. */
static status_t read_rsdp(struct physical_view memory, uint64_t pa, struct boot_info *out)
{
	const uint8_t *rsdp;

	if (pa == 0) {
		return STATUS_OK;
	}
	rsdp = look_at(memory, pa, RSDP_BYTES_ACPI_1, "the RSDP", out);
	if (rsdp && rsdp[RSDP_REVISION] >= 2) {
		rsdp = look_at(memory, pa, RSDP_BYTES, "the RSDP", out);
		if (rsdp) {
			facts_rsdp(out, rsdp, RSDP_BYTES);
		}
	} else if (rsdp) {
		facts_rsdp(out, rsdp, RSDP_BYTES_ACPI_1);
	}
	return rsdp ? STATUS_OK : STATUS_EINVAL;
}

status_t pvh_parse(struct physical_view memory, uint64_t start_pa, struct boot_info *out)
{
	struct start_info start;

	memset(out, 0, sizeof(*out));
	out->screen = BOOT_SCREEN_UNSAID;
	if (read_start(memory, start_pa, &start, out) ||
	    read_command_line(memory, start.command_line_pa, out) ||
	    read_modules(memory, &start, out) || read_rsdp(memory, start.rsdp_pa, out)) {
		return STATUS_EINVAL;
	}
	return read_memory_map(memory, &start, out);
}
