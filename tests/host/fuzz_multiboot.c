/* sources: boot/multiboot.c boot/loader_facts.c boot/memory_map.c kernel/lib/format.c
 * kernel/lib/string.c */

/* Damaged boot information never makes the parser read on or accept nonsense. */
#include "fuzz.h"
#include "host_assert.h"
#include "multiboot_build.h"

#include "../../boot/multiboot.h"
#include "boot_info_check.h"

/* Parses a copy that ends where the total size says, so that reading on is noticed. */
static status_t parse(const uint8_t *data, size_t size, struct boot_info *info)
{
	uint32_t total = 0;
	uint8_t *copy;
	status_t status;

	memcpy(&total, data, MIN(sizeof(total), size));
	total = (uint32_t)MIN(total, size);
	copy = malloc(total);
	memcpy(copy, data, total);
	status = multiboot_parse(copy, total, info);
	free(copy);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boot_info info;

	if (parse(data, size, &info)) {
		check_refused(&info);
	} else {
		check_taken(&info);
	}
	return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *data, size_t size_max)
{
	static struct builder builder;

	build_ordinary(&builder);
	check(builder.len <= size_max);
	memcpy(data, builder.bytes, builder.len);
	return index == 0 ? builder.len : 0;
}
