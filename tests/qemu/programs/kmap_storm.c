/*
 * As an attack: one processor writes to a frame through kernel mappings, another gives the frame
 * back and takes another one. A frame must not be freed while it is mapped.
 */
#include <sys/mman.h>

#include "attack.h"

enum { CPU_OF_OWNER, CPU_OF_MAPPER, NR_CPUS, NR_ROUNDS = 2000 };

static volatile uint64_t pfn;
static attack_stage stage;

static void mapper(void *unused)
{
	uint64_t value = 0;

	(void)unused;
	while (stage == 0) {
		long status = bw_vuln_kmap_write(pfn, 8, value++);

		if (status == -ENOSYS) {
			attack_check("vuln_kmap_write", status);
		}
	}
	attack_tell(&stage, 2);
}

static void *page_take(void)
{
	char *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (page == MAP_FAILED) {
		attack_skip("no memory");
	}
	*page = 1;
	pfn = attack_pfn(page);
	return page;
}

int main(void)
{
	struct bw_leak leak;
	void *page;

	attack_begin(&leak, NR_CPUS, CPU_OF_OWNER);
	page = page_take();
	attack_thread(CPU_OF_MAPPER, mapper, NULL);
	for (unsigned int round = 0; round < NR_ROUNDS; round++) {
		munmap(page, BW_PAGE_SIZE);
		page = page_take();
	}
	attack_tell(&stage, 1);
	attack_await(&stage, 2, AWAIT_YIELD);
	return attack_finish();
}
