/*
 * Every instruction that enters the kernel or would change what the processor is: INT n of all n,
 * the gates of other modes, and privileged instructions.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "tap.h"
#include "torture.h"

enum { NR_VECTORS = 256, VECTOR_BREAKPOINT = 3, VECTORS_PER_SAMPLE = 8 };

NAKED(into, ".byte 0xce\n" RETURN_0)
NAKED(bound, ".byte 0x62, 0x07\n" RETURN_0)
NAKED(far_call_direct, ".byte 0x9a, 0, 0, 0, 0, 8, 0\n" RETURN_0)
NAKED(far_jump_direct, ".byte 0xea, 0, 0, 0, 0, 8, 0\n" RETURN_0)
NAKED(push_es, ".byte 0x06\n" RETURN_0)
NAKED(sysenter, "mov %rsp, %rcx\n lea 1f(%rip), %rdx\n sysenter\n 1:" RETURN_0)
NAKED(sysexit, "lea 1f(%rip), %rdx\n mov %rsp, %rcx\n sysexitl\n 1:" RETURN_0)
NAKED(sysexit_wide, "lea 1f(%rip), %rdx\n mov %rsp, %rcx\n rex.w sysexit\n 1:" RETURN_0)
NAKED(sysret, "lea 1f(%rip), %rcx\n mov $0x202, %r11d\n sysretq\n 1:" RETURN_0)
NAKED(sysret_narrow, "lea 1f(%rip), %rcx\n mov $0x202, %r11d\n sysretl\n 1:" RETURN_0)
NAKED(swapgs, "swapgs\n" RETURN_0)
NAKED(rsm, "rsm\n" RETURN_0)
NAKED(vmcall, "vmcall\n" RETURN_0)
NAKED(vmmcall, "vmmcall\n" RETURN_0)
NAKED(vmrun, "vmrun\n" RETURN_0)
NAKED(xsetbv, "xor %ecx, %ecx\n mov $1, %eax\n xor %edx, %edx\n xsetbv\n" RETURN_0)
NAKED(wrmsr, "mov $0xc0000101, %ecx\n xor %eax, %eax\n xor %edx, %edx\n wrmsr\n" RETURN_0)
NAKED(write_cr0, "mov %rdi, %cr0\n" RETURN_0)
NAKED(write_cr4, "mov %rdi, %cr4\n" RETURN_0)
NAKED(read_cr3, "mov %cr3, %rax\n" RETURN_0)
NAKED(read_cr2, "mov %cr2, %rax\n" RETURN_0)
NAKED(write_cr8, "mov %rdi, %cr8\n" RETURN_0)
NAKED(write_dr0, "mov %rdi, %dr0\n" RETURN_0)
NAKED(write_dr7, "mov %rdi, %dr7\n" RETURN_0)
NAKED(load_idt, "lidt (%rsp)\n" RETURN_0)
NAKED(load_task, "mov $0x28, %eax\n ltr %ax\n" RETURN_0)
NAKED(load_ldt, "xor %eax, %eax\n lldt %ax\n" RETURN_0)
NAKED(lmsw, "xor %eax, %eax\n lmsw %ax\n" RETURN_0)
NAKED(clts, "clts\n" RETURN_0)
NAKED(stac, "stac\n" RETURN_0)
NAKED(clac, "clac\n" RETURN_0)
NAKED(invpcid, "xor %eax, %eax\n invpcid (%rsp), %rax\n" RETURN_0)
NAKED(invalidate_all, "invd\n" RETURN_0)
NAKED(write_back, "wbinvd\n" RETURN_0)
NAKED(monitor, "mov %rsp, %rax\n xor %ecx, %ecx\n xor %edx, %edx\n monitor\n" RETURN_0)
NAKED(sti, "sti\n" RETURN_0)
NAKED(port_in, "in $0x64, %al\n" RETURN_0)
NAKED(port_string, "mov $0x80, %edx\n outsb\n" RETURN_0)
NAKED(write_fs_base, "wrfsbase %rdi\n" RETURN_0)
NAKED(read_gs_base, "rdgsbase %rax\n" RETURN_0)
NAKED(write_gs_base, "wrgsbase %rdi\n" RETURN_0)

#define SEGV DIES(SIGSEGV)
#define ILL DIES(SIGILL)

static const struct torture pieces[] = {
	{ "INTO", into, 0, ILL | LIVES_IN_TCG },
	{ "BOUND", bound, 0, ILL | SEGV },
	{ "a far call with its target in it", far_call_direct, 0, ILL },
	{ "a far jump with its target in it", far_jump_direct, 0, ILL },
	{ "PUSH ES", push_es, 0, ILL },
	{ "SYSENTER", sysenter, 0, SEGV | ILL },
	{ "SYSEXIT", sysexit, 0, SEGV | ILL },
	{ "SYSEXIT to 64-bit mode", sysexit_wide, 0, SEGV | ILL },
	{ "SYSRET", sysret, 0, SEGV },
	{ "SYSRET to 32-bit mode", sysret_narrow, 0, SEGV },
	{ "SWAPGS", swapgs, 0, SEGV },
	{ "RSM", rsm, 0, ILL },
	{ "VMCALL", vmcall, 0, ILL | SEGV },
	{ "VMMCALL", vmmcall, 0, ILL | SEGV },
	{ "VMRUN", vmrun, 0, ILL | SEGV },
	{ "XSETBV", xsetbv, 0, SEGV | ILL },
	{ "WRMSR", wrmsr, 0, SEGV },
	{ "a write to CR0", write_cr0, 0x80000011, SEGV },
	{ "a write to CR4", write_cr4, 0x20, SEGV },
	{ "a read of CR3", read_cr3, 0, SEGV },
	{ "a read of CR2", read_cr2, 0, SEGV },
	{ "a write to CR8", write_cr8, 15, SEGV },
	{ "a write to DR0", write_dr0, 0xffffffff80000000, SEGV },
	{ "a write to DR7", write_dr7, 0x401, SEGV },
	{ "LIDT", load_idt, 0, SEGV },
	{ "LTR", load_task, 0, SEGV },
	{ "LLDT", load_ldt, 0, SEGV },
	{ "LMSW", lmsw, 0, SEGV },
	{ "CLTS", clts, 0, SEGV },
	{ "STAC", stac, 0, ILL | SEGV },
	{ "CLAC", clac, 0, ILL | SEGV },
	{ "INVPCID", invpcid, 0, SEGV | ILL },
	{ "INVD", invalidate_all, 0, SEGV | LIVES_IN_TCG },
	{ "WBINVD", write_back, 0, SEGV | LIVES_IN_TCG },
	{ "MONITOR", monitor, 0, ILL | SEGV },
	{ "STI", sti, 0, SEGV },
	{ "IN", port_in, 0, SEGV },
	{ "OUTS", port_string, 0, SEGV },
	{ "WRFSBASE", write_fs_base, 0xffffffff80000000, ILL },
	{ "RDGSBASE", read_gs_base, 0, ILL },
	{ "WRGSBASE", write_gs_base, 0xffffffff80000000, ILL },
};

/* Runs the code at the argument: its address is in rdi. */
NAKED(run_code, "jmp *%rdi\n")

/* INT n for every step-th n, 3 among them, each behind the same two bytes, or behind what makes a
 * step of it. */
static void test_interrupts(const char *name, const uint8_t *before, size_t nr_before, int step)
{
	uint8_t *code = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int nr_wrong = 0;

	for (int vector = VECTOR_BREAKPOINT % step; vector < NR_VECTORS; vector += step) {
		bool is_breakpoint = vector == VECTOR_BREAKPOINT;
		struct torture piece = { name, run_code, (uintptr_t)code,
					 is_breakpoint ? DIES(SIGTRAP) : SEGV };

		mprotect(code, BW_PAGE_SIZE, PROT_READ | PROT_WRITE);
		memcpy(code, before, nr_before);
		memcpy(code + nr_before, (uint8_t[]){ 0xcd, (uint8_t)vector, 0xf4 }, 3);
		mprotect(code, BW_PAGE_SIZE, PROT_READ | PROT_EXEC);
		nr_wrong += !torture_ends_well(&piece);
	}
	tap_is(nr_wrong, 0, "%s ends the task; only INT 3 is a breakpoint (%d values of n)", name,
	       NR_VECTORS / step);
	munmap(code, BW_PAGE_SIZE);
}

int main(int argc, char **argv)
{
	static const uint8_t step[] = { 0x9c, 0x80, 0x4c, 0x24, 1, 1, 0x9d };
	static const uint8_t load_ss[] = { 0x8c, 0xd0, 0x8e, 0xd0 };
	int every = tap_rounds(argc, VECTORS_PER_SAMPLE, 1);

	(void)argv;
	torture_run(pieces, sizeof(pieces) / sizeof(pieces[0]));
	test_interrupts("INT n", NULL, 0, 1);
	test_interrupts("a step over INT n", step, sizeof(step), every);
	test_interrupts("MOV SS, INT n", load_ss, sizeof(load_ss), every);
	torture_check_machine();
	return tap_done();
}
