/*
 * The processors that the firmware's tables name. Source: ACPI Specification, "Root System
 * Description Pointer", "Extended System Description Table", "Multiple APIC Description Table".
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

enum { MADT_CPUS_MAX = 256 };

struct madt_cpus {
	uint32_t apic_ids[MADT_CPUS_MAX]; /* usable processors, in the table's order */
	unsigned nr;
	unsigned nr_refused; /* entries that were damaged, doubled or too many */
	const char *error;   /* why the tables were refused */
};

/* Shows [pa, pa + len) of physical memory; NULL: cannot. */
typedef const void *madt_map(pa_t pa, uint64_t len_bytes);

/*
 * rsdp: the root pointer, rsdp_len bytes of it. Nothing is believed before its length and checksum
 * were checked. EINVAL, with out->error set and no CPU in the list, when there is no usable MADT.
 */
status_t madt_read(const void *rsdp, unsigned rsdp_len, madt_map *map,
		   struct madt_cpus *out) MUST_CHECK;
