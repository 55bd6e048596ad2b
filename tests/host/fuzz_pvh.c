/* sources: boot/pvh.c boot/loader_facts.c boot/memory_map.c kernel/lib/format.c kernel/lib/string.c
 */

/* Damaged start information never makes the parser read outside of memory or accept nonsense. */
#include "fuzz.h"
#include "host_assert.h"
#include "pvh_build.h"

#include "../../boot/pvh.h"
#include "boot_info_check.h"

/* The data is all the memory there is: reading outside of it is noticed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boot_info info;

	if (pvh_parse((struct physical_view){ (uintptr_t)data, size }, PVH_START, &info)) {
		check_refused(&info);
	} else {
		check_taken(&info);
	}
	return 0;
}

/* Small, so that damage often hits what counts. */
size_t fuzz_seed(unsigned index, uint8_t *data, size_t size_max)
{
	static struct pvh_memory memory;

	pvh_build(&memory);
	check(sizeof(memory) <= size_max);
	memcpy(data, memory.bytes, sizeof(memory));
	return index == 0 ? PVH_COMMAND_LINE + 32 : 0;
}
