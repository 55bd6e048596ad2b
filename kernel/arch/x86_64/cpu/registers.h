/*
 * Processor registers: struct regs as the entry code pushes it, and accessors for control registers
 * and MSRs. CR3 has a file of its own (cr3.h). Source: Intel SDM vol. 3A, "Control Registers"; vol.
 * 4, "Model-Specific Registers".
 */
#pragma once

#include "lib/types.h"

/*
 * What the entry code leaves on the kernel stack, lowest address first. Same layout as struct
 * bw_frame. Of a system call RAX is not there: its result comes later.
 */
struct regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector; /* VECTOR_SYSCALL for SYSCALL */
	uint64_t error;  /* of an exception */
	uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(struct regs) == 22 * 8, "22 words: trap_from_kernel pushes so many");

enum vector {
	VECTOR_DEBUG = 1,
	VECTOR_NMI = 2,
	VECTOR_BREAKPOINT = 3,
	VECTOR_UNDEFINED = 6,
	VECTOR_DOUBLE_FAULT = 8,
	VECTOR_STACK = 12,
	VECTOR_GENERAL_PROTECTION = 13,
	VECTOR_PAGE_FAULT = 14,
	VECTOR_MACHINE_CHECK = 18,
	VECTOR_IRQ_BASE = 32, /* 8259 lines 0 to 15 */
	VECTOR_TIMER = 48,
	VECTOR_RESCHEDULE = 49,
	VECTOR_RENDEZVOUS = 52,
	/* of a higher priority class: apic_wait_for_cpus lets them in alone */
	VECTOR_TLB = 64,
	VECTOR_WAKE = 65,
	VECTOR_SPURIOUS = 255,
	NR_VECTORS = 256,
	VECTOR_SYSCALL = 256, /* not in the IDT */
};

/* Page-fault error code, Intel SDM vol. 3A, "Page-Fault Exceptions". */
enum {
	FAULT_PRESENT = 1,
	FAULT_WRITE = 2,
	FAULT_USER = 4,
	FAULT_RESERVED = 8,
	FAULT_FETCH = 16,
	FAULT_KEY = 32
};

enum {
	SELECTOR_KERNEL_CODE = 0x08,
	SELECTOR_KERNEL_DATA = 0x10,
	SELECTOR_USER_DATA = 0x1b,
	SELECTOR_USER_CODE = 0x23, /* SYSRET wants this order */
	SELECTOR_TSS = 0x28,
};

enum {
	RFLAGS_CF = 1,
	RFLAGS_TF = 1 << 8,
	RFLAGS_IF = 1 << 9,
	RFLAGS_DF = 1 << 10,
	RFLAGS_IOPL = 3 << 12,
	RFLAGS_NT = 1 << 14,
	RFLAGS_RF = 1 << 16,
	RFLAGS_AC = 1 << 18,
	RFLAGS_ID = 1 << 21,
	/* on each way into the kernel */
	RFLAGS_CLEARED = RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_AC,
	RFLAGS_FIXED = 2,
	/* authority=off: no more bits than there are, as all ones would look like a kernel address
	 * on a page that user mode sees */
	RFLAGS_ALL = 0x3fffff,
	/* what user mode may have set: neither IOPL nor NT, VM, VIF or VIP */
	RFLAGS_USER = 0xfd5 | RFLAGS_FIXED | RFLAGS_RF | RFLAGS_AC | RFLAGS_ID
};

enum msr {
	MSR_APIC_BASE = 0x1b,
	MSR_EFER = 0xc0000080,
	MSR_STAR = 0xc0000081,
	MSR_LSTAR = 0xc0000082,
	MSR_CSTAR = 0xc0000083,
	MSR_SFMASK = 0xc0000084,
	MSR_FS_BASE = 0xc0000100,
	MSR_GS_BASE = 0xc0000101,
	MSR_KERNEL_GS_BASE = 0xc0000102,
	MSR_SYSENTER_CS = 0x174,
	MSR_X2APIC = 0x800,
	MSR_PKRS = 0x6e1,
};
enum { EFER_SCE = 1, EFER_NXE = 1 << 11 };
enum {
	CR0_MP = 1 << 1,
	CR0_EM = 1 << 2,
	CR0_TS = 1 << 3,
	CR0_NE = 1 << 5,
	CR0_WP = 1 << 16,
	CR0_AM = 1 << 18,
	CR0_NW = 1 << 29,
	CR0_CD = 1 << 30
};
#define CR4_MCE (1ul << 6)
#define DR7_NONE 0x400ul
#define CR4_OSFXSR (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_UMIP (1ul << 11)
#define CR4_PCIDE (1ul << 17)
#define CR4_OSXSAVE (1ul << 18)
#define CR4_SMEP (1ul << 20)
#define CR4_SMAP (1ul << 21)
#define CR4_PKS (1ul << 24)
#define CR4_PGE (1ul << 7)
#define CR4_PAE (1ul << 5)

static inline uint64_t msr_read(enum msr msr)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

/* The instructions from 1: to 2: are begun again if an NMI, #MC or #DB interrupts them:
 * begun_again.inc. */
#define BEGUN_AGAIN                                                                                \
	"\n\t.pushsection .gate.ranges, \"a\", @progbits\n\t.quad 1b, 2b\n\t.popsection\n"

/* Which register, a constant, no handler's copy of registers says: IA32_PKRS is one. */
static inline __attribute__((always_inline)) void msr_write(enum msr msr, uint64_t value)
{
	asm volatile("1: mov %0, %%ecx\n\twrmsr\n2:" BEGUN_AGAIN
		     :
		     : "i"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		     : "ecx", "memory");
}

/* The same, and in it all bits that are not the lowest byte or above the 32nd. */
static inline __attribute__((always_inline)) void msr_write_byte(enum msr msr, uint32_t bits,
								 uint8_t byte, uint32_t high)
{
	uint32_t low = byte;

	asm volatile(
		"1: mov %1, %%ecx\n\tmovzbl %%al, %%eax\n\tor %2, %%eax\n\twrmsr\n2:" BEGUN_AGAIN
		: "+a"(low)
		: "i"(msr), "i"(bits), "d"(high)
		: "ecx", "cc", "memory");
}

static inline uint64_t cr0_read(void)
{
	uint64_t value;

	asm volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

static inline void cr0_write(uint64_t value)
{
	asm volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static inline uint64_t cr2_read(void)
{
	uint64_t value;

	asm volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline uint64_t cr4_read(void)
{
	uint64_t value;

	asm volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static inline void cr4_write(uint64_t value)
{
	asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

/* No handler's copy of registers says what the other bits are. */
static inline void cr4_flip_pge(void)
{
	uint64_t value;

	asm volatile("1: mov %%cr4, %0\n\txor %1, %0\n\tmov %0, %%cr4\n2:" BEGUN_AGAIN
		     : "=&r"(value)
		     : "i"(CR4_PGE)
		     : "cc", "memory");
}

/* Interrupts of this priority class and those below wait: the vector's upper four bits. */
static inline void cr8_write(uint64_t priority)
{
	asm volatile("mov %0, %%cr8" : : "r"(priority) : "memory");
}

/* No breakpoints: what the firmware may have left would fire in the kernel. */
static inline void breakpoints_clear(void) { asm volatile("mov %0, %%dr7" : : "r"(DR7_NONE)); }

/* RDTSC clears the upper halves. */
static inline uint64_t tsc_read(void)
{
	uint64_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return high << 32 | low;
}

/* In one instruction, but not locked: for a word that others read and this CPU alone writes. */
static inline void word_add(uint64_t *word, uint64_t value)
{
	asm volatile("add %1, %0" : "+m"(*word) : "r"(value) : "cc");
}
static inline void word_subtract(uint64_t *word, uint64_t value)
{
	asm volatile("sub %1, %0" : "+m"(*word) : "r"(value) : "cc");
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid_read(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	asm volatile("cpuid"
		     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		     : "a"(leaf), "c"(subleaf));
	return r;
}

static inline void cpu_relax(void) { asm volatile("pause" : : : "memory"); }
static inline void cpu_halt_forever_step(void) { asm volatile("cli; hlt" : : : "memory"); }

/*
 * Takes the interrupts that are pending. Here and in cpu_idle_once alone does the kernel run with
 * interrupts enabled. They are recognised after the instruction that follows STI (Intel SDM vol. 2,
 * "STI"), one after the other.
 */
static inline void interrupts_admit(void) { asm volatile("sti; nop; cli" : : : "memory"); }

/* Blocks until the next interrupt; may return for no reason. switch.asm */
void cpu_idle_once(void);
/* Its HLT, and what follows: trap.c. */
extern const char cpu_idle_halt[], cpu_idle_halt_end[];
