/*
 * Enters the kernel in every way that comes back, and in some that do not, round after round, with
 * markers in all registers. tests/qemu/nmi.py stops at rounds_mark and sets rounds_stop.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "registers.h"
#include "tap.h"

volatile uint64_t rounds_stop __attribute__((section(".data")));
enum { NR_ROUNDS_MAX = 1000000, LOOP = 200000 };

static char *fresh; /* two pages */
static uint64_t fresh_at __attribute__((used));
static uint64_t loop_count __attribute__((used));

REGISTERS_ACROSS(across_call, "syscall\n")
REGISTERS_ACROSS(across_fault, "mov fresh_at(%rip), %rax\n movb $1, (%rax)\n")
REGISTERS_ACROSS(across_interrupts, "1: decq loop_count(%rip)\n jnz 1b\n")
NAKED(mark, ".global rounds_mark\n rounds_mark: mov $0xb0117e57, %eax\n ret\n")
NAKED(end_int3, "int3\n" RETURN_0)
NAKED(end_undefined, "ud2\n" RETURN_0)
NAKED(end_protection, "hlt\n" RETURN_0)
NAKED(end_step, FLAGS_ON(0x100) "nop\n nop\n" RETURN_0)
NAKED(end_divide, "xor %esi, %esi\n div %esi\n" RETURN_0)

static bool keeps_call(uint64_t number, uint64_t argument)
{
	registers_fill();
	registers_before[RAX] = number;
	registers_before[RDI] = argument;
	registers_before[RSI] = 0;
	across_call(NULL);
	return registers_are_kept(REGISTERS_OF_SYSCALL) && float_is_kept();
}

/* Two pages that are not there: user mode touches one, the kernel the other. */
static void pages_forget(void)
{
	munmap(fresh, 2 * BW_PAGE_SIZE);
	mmap(fresh, 2 * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static bool keeps_fault(void)
{
	registers_fill();
	fresh_at = (uintptr_t)fresh;
	across_fault(NULL);
	return registers_are_kept(REGISTER_BIT(RAX)) && float_is_kept() && fresh[0] == 1;
}

static bool keeps_interrupts(void)
{
	registers_fill();
	loop_count = LOOP;
	across_interrupts(NULL);
	return registers_are_kept(REGISTER_BIT(FLAGS)) && float_is_kept();
}

static bool ends(child_body body, int signal)
{
	return child_signal(child_run(body, NULL)) == signal;
}

/* Asleep, so that interrupts find the processor idle. */
static bool sleeps(void) { return nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL) == 0; }

static bool round_is_right(void)
{
	pages_forget();
	return keeps_call(SYS_getpid, 0) && keeps_call(0xfff, 0) && keeps_fault() &&
	       keeps_call(SYS_uname, (uintptr_t)fresh + BW_PAGE_SIZE) && keeps_call(SYS_uname, 8) &&
	       keeps_interrupts() && ends(end_int3, SIGTRAP) && ends(end_undefined, SIGILL) &&
	       ends(end_protection, SIGSEGV) && ends(end_step, SIGTRAP) &&
	       ends(end_divide, SIGFPE) && sleeps();
}

int main(void)
{
	int round = 0;

	fresh = mmap(NULL, 2 * BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	while (!rounds_stop && round < NR_ROUNDS_MAX) {
		mark(NULL);
		round++;
		if (!round_is_right()) {
			printf("round %d went wrong\n", round);
			return 1;
		}
	}
	printf("all rounds were right\n");
	return 0;
}
