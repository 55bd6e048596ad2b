/*
 * As an attack, with pmalloc=plain: a child changes a sealed pool through the direct map and ends,
 * so that the kernel learns of it; then the pool is to be filled and sealed once more. It stays
 * sealed: the kernel must refuse, and not write to it.
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define FRAME_BITS 0x000ffffffffff000ul
#define TABLE_BYTES (512 * BW_PAGE_SIZE)

/* Where the direct map has the object, found by its page-table entry. */
static uint64_t alias_of(uint64_t object)
{
	struct bw_sealed sealed;
	const struct bw_sealed_object *known = &sealed.of_mode[BW_SEALED_RO];
	uint64_t entries, entry;

	attack_sealed(&sealed);
	if (known->object / TABLE_BYTES != object / TABLE_BYTES) {
		attack_skip("the pool has another page table");
	}
	entries = known->entry / BW_PAGE_SIZE * BW_PAGE_SIZE;
	entry = (uint64_t)bw_vuln_read(entries + object % TABLE_BYTES / BW_PAGE_SIZE * 8);
	return known->alias - known->object % BW_PAGE_SIZE - known->pfn * BW_PAGE_SIZE +
	       (entry & FRAME_BITS) + object % BW_PAGE_SIZE;
}

int main(void)
{
	uint64_t object = attack_pool_open();
	pid_t child;

	attack_pool_seal(object);
	child = fork();
	if (child == 0) {
		attack_overwrite(alias_of(object), "the alias");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	attack_say("sealed again: %s",
		   bw_vuln_pool_seal(object) == -EINVAL ? "refused" : "not refused");
	return attack_finish();
}
