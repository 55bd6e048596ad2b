/* sources: boot/multiboot.c boot/memory_map.c kernel/lib/format.c kernel/lib/string.c */

/* Damaged boot information never makes the parser read on or accept nonsense. */
#include "fuzz.h"
#include "host_assert.h"
#include "multiboot_build.h"

#include "../../boot/multiboot.h"

static void check(bool condition)
{
	if (!condition) {
		abort();
	}
}

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
		check(info.error[0] != '\0' && memchr(info.error, '\0', sizeof(info.error)));
		return 0;
	}
	check(info.nr_usable > 0 && info.nr_usable <= MEMORY_RANGES_MAX &&
	      info.nr_modules <= MODULES_MAX);
	for (unsigned i = 0; i < info.nr_usable; i++) {
		const struct memory_range *range = &info.usable[i];

		check(range->start.pa < range->end.pa &&
		      is_aligned(range->start.pa | range->end.pa, PAGE_SIZE));
		check(range->end.pa <= (uint64_t)UINT32_MAX << PAGE_SHIFT);
		check(i == 0 || info.usable[i - 1].end.pa < range->start.pa);
	}
	check(memchr(info.command_line, '\0', sizeof(info.command_line)) &&
	      info.rsdp_len <= RSDP_BYTES);
	check(info.screen != BOOT_SCREEN_FRAMEBUFFER ||
	      framebuffer_is_supported(&info.framebuffer));
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
