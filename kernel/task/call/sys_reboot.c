/* The call that boots once more. The words are checked before anything stops. */
#include "arch/x86_64/cpu/paging.h"
#include "arch/x86_64/cpu/registers.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/option_line.h"
#include "core/options.h"
#include "core/rendezvous.h"
#include "core/restart.h"
#include "lib/string.h"
#include "mm/as/usercopy.h"
#include "mm/as/usercopy_check.h"
#include "mm/frame/direct_map.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "task/authority/credentials.h"
#include "task/call/syscall.h"
#include "task/console/console.h"
#include "task/process/process.h"
#include "task/sched/bounce.h"

enum { WORDS_BYTES = 1024, TABLE_ENTRIES = PTES_PER_TABLE };

extern char boot_tables[];                          /* boot/boot.asm; not in use by now */
extern _Noreturn void boot_again(uint64_t root_pa); /* boot/boot.asm */

/* Guarded by nothing: one CPU at a time boots again, and the first one does. */
static char line[COMMAND_LINE_BYTES];
static char input[RESTART_INPUT_BYTES];
USERCOPY(input);

static pfn_t image_frame(const char *at)
{
	return pa_to_pfn((pa_t){ LOAD_BASE + (uint64_t)(at - image_start) });
}

/* A root that maps the first 2 MiB one to one, and the kernel half as it is: a bridge between the
 * two. */
static uint64_t make_bridge(void)
{
	const pte_t *kernel = direct_map_pointer(kernel_root);
	pte_t *root = (pte_t *)boot_tables;
	pte_t *level3 = root + TABLE_ENTRIES, *level2 = level3 + TABLE_ENTRIES;

	memset(boot_tables, 0, 3 * PAGE_SIZE);
	memcpy(root + TABLE_ENTRIES / 2, kernel + TABLE_ENTRIES / 2, PAGE_SIZE / 2);
	level2[0] = pte_make((pfn_t){ 0 }, PTE_PRESENT | PTE_WRITABLE | PTE_HUGE);
	level3[0] = pte_make(image_frame((char *)level2), PTE_PRESENT | PTE_WRITABLE);
	root[0] = pte_make(image_frame((char *)level3), PTE_PRESENT | PTE_WRITABLE);
	return pfn_to_pa(image_frame(boot_tables)).pa;
}

/*
 * On every processor. The others halt for good, until they are started as at any boot: the first
 * processor must not be, or it would run the firmware.
 */
static void stop_or_boot(void)
{
	static unsigned nr_halted; /* atomic */

	if (this_cpu()->id != 0) {
		__atomic_fetch_add(&nr_halted, 1, __ATOMIC_RELEASE);
		for (;;) {
			cpu_halt_forever_step();
		}
	}
	/* pairs with the addition */
	while (__atomic_load_n(&nr_halted, __ATOMIC_ACQUIRE) + 1 < nr_cpus) {
		cpu_relax();
	}
	boot_again(make_bridge());
}

/* The words as they were given, and the line that they make. */
static status_t take_words(uva_t at)
{
	char words[WORDS_BYTES];
	size_t len;
	status_t status = copy_string_from_user(words, at, sizeof(words), &len);

	if (status == STATUS_OK) {
		status = options_check(words);
	}
	if (status == STATUS_OK) {
		status = option_line_override(options_line(), words, line, sizeof(line));
	}
	bounce_scrub(words, sizeof(words));
	return status;
}

int64_t sys_reboot(uint64_t words_at, uint64_t input_at)
{
	size_t len;
	status_t status;

	/* nor an attack that has become root: its verdict would be lost */
	if (credentials_acting_uid(process_current()) != 0 ||
	    credentials_job(process_current()).is_watched) {
		return STATUS_EPERM;
	}
	status = take_words((uva_t){ words_at });
	if (status == STATUS_OK) {
		status = copy_string_from_user(input, (uva_t){ input_at }, sizeof(input), &len);
	}
	if (status == STATUS_OK) {
		/* what was typed ahead is for the shell that comes next */
		len += console_take_input(input + len, sizeof(input) - len);
		status = restart_ask(line, input, len);
	}
	if (status) {
		return status;
	}
	rendezvous_stop_others();
	log_print("bulwark: boots again: %s\n", line);
	log_drain();
	rendezvous_run(stop_or_boot);
	return STATUS_OK; /* never: nobody comes back */
}
