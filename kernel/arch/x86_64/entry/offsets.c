/* Structure offsets for the assembly files. Compiled to assembly only; a script turns the marked
 * lines into NASM equates. */
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/entry/entry_area.h"
#include "core/cpu.h"
#include "core/options.h"
#include "core/syscall_table.h"
#include "lib/status.h"
#include "mm/gate/current/switch.h"
#include "mm/gate/enter.h"
#include "mm/table/layout.h"

#define OFFSET(name, value) asm volatile("\n->" #name " %c0" : : "i"(value))
#define REGS(field) OFFSET(REGS_##field, offsetof(struct regs, field))
#define CPU(name, field) OFFSET(CPU_##name, CPU_OFFSET + offsetof(struct cpu, field))
#define PART_END(part) (entry_parts[part].offset + entry_parts[part].nr_pages * PAGE_SIZE)
#define EXIT_TO(part) OFFSET(EXIT_TO_##part, PART_END(PART_EXIT_STACK) - PART_END(PART_##part))

void offsets_of_registers(void);
void offsets(void);
void offsets_of_gate(void);

void offsets_of_registers(void)
{
	REGS(ss);
	REGS(rsp);
	REGS(rflags);
	REGS(cs);
	REGS(rip);
	REGS(error);
	REGS(vector);
	REGS(rdi);
	REGS(rsi);
	REGS(rdx);
	REGS(rcx);
	REGS(rax);
	REGS(r8);
	REGS(r9);
	REGS(r10);
	REGS(r11);
	REGS(rbx);
	REGS(rbp);
	REGS(r12);
	REGS(r13);
	REGS(r14);
	REGS(r15);
}

void offsets(void)
{
	OFFSET(ENTRY_USER_RSP, offsetof(struct cpu_entry, user_rsp));
	OFFSET(ENTRY_MODE, offsetof(struct cpu_entry, mode));
	OFFSET(ENTRY_LEAVING, offsetof(struct cpu_entry, leaving));
	OFFSET(PAGE_SIZE, PAGE_SIZE);
	/* where the entry text runs: no operand has 64 bits */
	OFFSET(ENTRY_TEXT_HIGH, (int32_t)((ENTRY_AREA_BASE + ENTRY_TEXT_OFFSET) >> 32));
	OFFSET(ENTRY_TEXT_LOW, (uint32_t)(ENTRY_AREA_BASE + ENTRY_TEXT_OFFSET));
	/* from the first byte of the exit stack down to the end of the entry stack */
	OFFSET(EXIT_TO_ENTRY_STACK, ENTRY_EXIT_STACK - ENTRY_STACK_OFFSET - PAGE_SIZE);
	OFFSET(TLB_PORT_CR3, offsetof(struct cpu_entry, port.cr3));
	OFFSET(TLB_PORT_STANDS, offsetof(struct cpu_entry, port.stands));
	CPU(LOWEST_REGS, lowest_regs);
	CPU(KSTACK_RING, kstack_ring);
	CPU(SYSCALLS_TWICE, syscalls_x2);
	CPU(TRAPS_TWICE, traps_twice);
	CPU(ENTRY_STACK_TOP, entry_stack_top);
	CPU(LEAVE_SYSCALL, leave_syscall);
	OFFSET(SEALED_SYSCALL_TABLE,
	       CPU_SEALED_OFFSET + offsetof(struct cpu_sealed, syscall_table));
	OFFSET(SEALED_RULE_TABLE, CPU_SEALED_OFFSET + offsetof(struct cpu_sealed, rule_table));
	OFFSET(SEALED_EXIT_STACK_TOP,
	       CPU_SEALED_OFFSET + offsetof(struct cpu_sealed, exit_stack_top));
	CPU(LEAVE_TRAP, leave_trap);
	CPU(ON_SYSCALL, on.on_syscall);
	CPU(ON_USER_TRAP, on.on_user_trap);
	CPU(ON_KERNEL_TRAP, on.on_kernel_trap);
	CPU(ON_PARANOID_TRAP, on.on_paranoid_trap);
	CPU(ON_LEAVE, on.on_leave);
	OFFSET(SEALED_CURRENT, CPU_SEALED_OFFSET + offsetof(struct cpu_sealed, current));
	OFFSET(CURRENT_EXIT_CR3, offsetof(struct current, exit_cr3));
	OFFSET(CURRENT_KERNEL_CR3, offsetof(struct current, kernel_cr3));
	CPU(TLB_SEEN, tlb.seen);
	CPU(NEWEST_AT_ENTRY, newest_at_entry);
	OFFSET(CPU_USER, CPU_USER);
	OFFSET(CPU_KERNEL, CPU_KERNEL);
	OFFSET(PARANOID_STACK_DISTANCE, PARANOID_STACK_DISTANCE);
	OFFSET(SYSCALL_TABLE_ROWS, offsetof(struct syscall_table, rows));
	OFFSET(NR_SYSCALL_NUMBERS, NR_SYSCALL_NUMBERS);
	OFFSET(ENOSYS, -STATUS_ENOSYS);
	OFFSET(SELECTOR_USER_CODE, SELECTOR_USER_CODE);
	OFFSET(SELECTOR_USER_DATA, SELECTOR_USER_DATA);
	OFFSET(RFLAGS_USER, RFLAGS_USER);
	OFFSET(VECTOR_SYSCALL, VECTOR_SYSCALL);
	OFFSET(MSR_GS_BASE, MSR_GS_BASE);
}

void offsets_of_gate(void)
{
	OFFSET(SEALED_GATE_STACK, CPU_SEALED_OFFSET + offsetof(struct cpu_sealed, gate_stack_top));
	OFFSET(SEALED_GATE_CR3, CPU_SEALED_OFFSET + offsetof(struct cpu_sealed, gate_cr3));
	OFFSET(SEALED_GATE_NOFLUSH, CPU_SEALED_OFFSET + offsetof(struct cpu_sealed, gate_noflush));
	OFFSET(NR_GATE_OPERATIONS, NR_GATE_OPERATIONS);
	OFFSET(SWITCH_DID, SWITCH_DID);
	/* from the top of the exit stack, which a sealed word names, down to those of handlers */
	EXIT_TO(NMI_HANDLER);
	EXIT_TO(DF_HANDLER);
	EXIT_TO(MC_HANDLER);
	EXIT_TO(DB_HANDLER);
	OFFSET(GATE_NR_VECTORS, GATE_NR_VECTORS);
	OFFSET(GATE_STUB_BYTES, GATE_STUB_BYTES);
	OFFSET(PTPROT_off, ptprot_off);
	OFFSET(PTPROT_window, ptprot_window);
	OFFSET(PTPROT_pks, ptprot_pks);
	OFFSET(REGS_BYTES, sizeof(struct regs));
	OFFSET(VECTOR_NMI, VECTOR_NMI);
	OFFSET(VECTOR_DEBUG, VECTOR_DEBUG);
	OFFSET(VECTOR_MACHINE_CHECK, VECTOR_MACHINE_CHECK);
	OFFSET(MSR_PKRS, MSR_PKRS);
	OFFSET(PKRS_CLOSED, PKRS_CLOSED);
}
