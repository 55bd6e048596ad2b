/* Root pointer, root table, MADT, one checked step after the other. */
#include "arch/x86_64/smp/madt.h"

#include "lib/string.h"

enum {
	RSDP_V1_BYTES = 20,
	RSDP_V2_BYTES = 36,
	TABLE_BYTES_MAX = 1 << 20,
	MADT_LOCAL_APIC = 0,
	MADT_LOCAL_X2APIC = 9,
	CPU_ENABLED = 1,
	CPU_ONLINE_CAPABLE = 2,
};

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length; /* from here on: revision 2 */
	uint64_t xsdt;
	uint8_t checksum_all, reserved[3];
} __attribute__((packed));
static_assert(sizeof(struct rsdp) == RSDP_V2_BYTES, "root pointer of ACPI 2.0");

struct table {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));
static_assert(sizeof(struct table) == 36, "table header");

struct madt {
	struct table header;
	uint32_t apic_pa, flags;
} __attribute__((packed));

struct madt_entry {
	uint8_t type, length;
} __attribute__((packed));

struct madt_apic {
	struct madt_entry entry;
	uint8_t processor, apic_id;
	uint32_t flags;
} __attribute__((packed));

struct madt_x2apic {
	struct madt_entry entry;
	uint16_t reserved;
	uint32_t apic_id, flags, processor;
} __attribute__((packed));

static bool sums_to_zero(const void *start, uint64_t len_bytes)
{
	const uint8_t *bytes = start;
	uint8_t sum = 0;

	for (uint64_t i = 0; i < len_bytes; i++) {
		sum = (uint8_t)(sum + bytes[i]);
	}
	return sum == 0;
}

/* The whole table at pa, checked; NULL: damaged, too long, or with another signature (NULL: any).
 */
static const struct table *table_read(uint64_t pa, const char *signature, madt_map *map)
{
	const struct table *table = map((pa_t){ pa }, sizeof(struct table));
	uint32_t length;

	if (!table || (signature && memcmp(table->signature, signature, 4) != 0)) {
		return NULL;
	}
	length = table->length;
	if (length < sizeof(struct table) || length > TABLE_BYTES_MAX) {
		return NULL;
	}
	table = map((pa_t){ pa }, length);
	return table && table->length == length && sums_to_zero(table, length) ? table : NULL;
}

static const struct table *find_madt(const struct table *root, unsigned pointer_bytes,
				     madt_map *map)
{
	const char *at = (const char *)(root + 1), *end = (const char *)root + root->length;

	for (; end - at >= (ptrdiff_t)pointer_bytes; at += pointer_bytes) {
		uint64_t pa = 0;
		const struct table *table;

		memcpy(&pa, at, pointer_bytes);
		table = table_read(pa, "APIC", map);
		if (table && table->length >= sizeof(struct madt)) {
			return table;
		}
	}
	return NULL;
}

static void add(struct madt_cpus *out, uint32_t apic_id, uint32_t flags)
{
	if (!(flags & (CPU_ENABLED | CPU_ONLINE_CAPABLE))) {
		return;
	}
	for (unsigned i = 0; i < out->nr; i++) {
		if (out->apic_ids[i] == apic_id) {
			out->nr_refused++;
			return;
		}
	}
	if (!(flags & CPU_ENABLED) || out->nr == MADT_CPUS_MAX) {
		out->nr_refused++;
		return;
	}
	out->apic_ids[out->nr++] = apic_id;
}

static void read_entries(const struct table *madt, struct madt_cpus *out)
{
	const char *at = (const char *)madt + sizeof(struct madt),
		   *end = (const char *)madt + madt->length;

	while (end - at >= (ptrdiff_t)sizeof(struct madt_entry)) {
		const struct madt_entry *entry = (const void *)at;

		if (entry->length < sizeof(*entry) || entry->length > end - at) {
			out->nr_refused++;
			return; /* where the next one starts is unknown */
		}
		if (entry->type == MADT_LOCAL_APIC && entry->length >= sizeof(struct madt_apic)) {
			const struct madt_apic *apic = (const void *)at;

			add(out, apic->apic_id, apic->flags);
		} else if (entry->type == MADT_LOCAL_X2APIC &&
			   entry->length >= sizeof(struct madt_x2apic)) {
			const struct madt_x2apic *apic = (const void *)at;

			add(out, apic->apic_id, apic->flags);
		} else if (entry->type == MADT_LOCAL_APIC || entry->type == MADT_LOCAL_X2APIC) {
			out->nr_refused++;
		}
		at += entry->length;
	}
}

static status_t refuse(struct madt_cpus *out, const char *error)
{
	out->error = error;
	out->nr = 0;
	return STATUS_EINVAL;
}

/* The root table: the XSDT where there is a good one, else the RSDT. */
static const struct table *root_read(const struct rsdp *rsdp, madt_map *map,
				     unsigned *pointer_bytes)
{
	const struct table *root = NULL;

	if (rsdp->revision >= 2 && rsdp->length >= RSDP_V2_BYTES &&
	    sums_to_zero(rsdp, RSDP_V2_BYTES)) {
		*pointer_bytes = sizeof(uint64_t);
		root = table_read(rsdp->xsdt, "XSDT", map);
	}
	if (!root) {
		*pointer_bytes = sizeof(uint32_t);
		root = table_read(rsdp->rsdt, "RSDT", map);
	}
	return root;
}

status_t madt_read(const void *rsdp, unsigned rsdp_len, madt_map *map, struct madt_cpus *out)
{
	struct rsdp copy = { 0 };
	const struct table *root, *madt;
	unsigned pointer_bytes;

	*out = (struct madt_cpus){ 0 };
	if (rsdp_len < RSDP_V1_BYTES) {
		return refuse(out, "the loader gave no ACPI root pointer");
	}
	memcpy(&copy, rsdp, MIN(rsdp_len, (unsigned)sizeof(copy)));
	if (memcmp(copy.signature, "RSD PTR ", 8) != 0 || !sums_to_zero(&copy, RSDP_V1_BYTES)) {
		return refuse(out, "the ACPI root pointer has a bad signature or checksum");
	}
	root = root_read(&copy, map, &pointer_bytes);
	if (!root) {
		return refuse(out, "no ACPI root table with a good length and checksum");
	}
	madt = find_madt(root, pointer_bytes, map);
	if (!madt) {
		return refuse(out, "no MADT with a good length and checksum");
	}
	read_entries(madt, out);
	return out->nr ? STATUS_OK : refuse(out, "the MADT names no usable processor");
}
