#!/bin/bash
# The linked kernels: CR3, relocations, segments; what the gate uses of others.
# needs: kernels
. "$(dirname "$0")/lib.sh"

for build in debug release kasan race; do
	kernel=build/$build/bulwark.elf
	if [ ! -f "$kernel" ]; then
		skip "$kernel is not built"
		continue
	fi
	found=$(perl "$lint/elf.pl" "$kernel" 2>&1)
	ok $? "the kernel passes: $build" || diag "$(head -n 30 <<<"$found")"
done

# link ASSEMBLY FLAGS...: $work/planted
link() {
	printf '%b' "$1" >"$work/planted.S"
	shift
	gcc -c -o "$work/planted.o" "$work/planted.S" && ld -o "$work/planted" "$work/planted.o" "$@" 2>/dev/null
}

link '\t.globl _start\n_start:\n\tret\n\t.type stray, @function\nstray:\n\tmov %rax, %cr3\n' -pie --no-dynamic-linker
like "$(perl "$lint/elf.pl" "$work/planted")" 'stray writes CR3 at .*, and is not begun again' 'a stray CR3 write is found'

# begun_again CODE: linked with its instructions as a row of .gate.ranges
mkdir "$work/gen"
printf 'ENTRY_TEXT_HIGH equ -8192\nENTRY_TEXT_LOW equ 65536\n' >"$work/gen/offsets.inc"
begun_again() {
	link "\t.globl _start, gate_ranges_start, gate_ranges_end, entry_text_start\n_start:\n\tret\nplanted:\n1:\t$1\n2:\tret\n
		entry_text_start:\n\t.data\ngate_ranges_start:\n\t.quad 1b, 2b\ngate_ranges_end:\n" -static
	perl "$lint/elf.pl" "$work/planted"
}
is "$(begun_again 'mov %gs:8, %rax\n\tmov 8(%rax), %rax\n\tor %gs:16, %rax\n\tmov %rax, %cr3')" '' 'a CR3 write that is begun again passes'
like "$(begun_again 'mov 8(%rdx), %rax\n\tmov %rax, %cr3')" 'a register from before' 'not where its value comes by a register from before'
like "$(begun_again 'or %gs:16, %rax\n\tmov %rax, %cr3')" 'a register from before' 'nor where a part of it does'
is "$(begun_again 'mov $0x830, %ecx\n\twrmsr')" '' 'a model-specific register that a constant names may get what it likes'
like "$(begun_again 'wrmsr')" 'a register from before' 'not one that a register from before names'
like "$(begun_again 'mov $0x6e1, %ecx\n\twrmsr')" 'a register from before' 'nor IA32_PKRS'

# looked_up CODE [CODE...]: the same as a way from a call's number to its handler; a second one, behind it, that is right
looked_up() {
	local right='mov %gs:8, %r10\n\tmovzbl %r11b, %eax\n\tjmp *(%r10,%rax,8)'
	link "\t.globl _start, gate_ranges_start, gate_ranges_end, entry_text_start\n_start:\n\tret\nsyscall_main:\n1:\t$1\n2:\t${2-nop}
		syscall_watched:\n3:\t$right\n4:\tret\nentry_text_start:
		\t.data\ngate_ranges_start:\n\t.quad 1b, 2b, 3b, 4b\ngate_ranges_end:\n" -static
	perl "$lint/elf.pl" "$work/planted"
}
row='movzbl 8(%r10,%r11), %r11d'
is "$(looked_up "mov %gs:8, %r10\n\t$row\n\tcall *(%r10,%r11,8)")" '' 'a call may be looked up where that is begun again'
like "$(looked_up nop "mov %gs:8, %r10\n\t$row\n\tcall *(%r10,%r11,8)")" 'leads a call on at .*, and is not begun again' 'nowhere else'
like "$(looked_up "$row\n\tcall *(%r10,%r11,8)")" 'a register from before' 'not in a table that a register from before names'
like "$(looked_up 'mov %gs:8, %r10\n\tcall *(%r10,%rax,8)')" 'a register from before' 'nor at a row that it does'
like "$(looked_up "mov %gs:8, %r10\n\t$row\n\tmov (%r10,%r11,8), %rax\n\tcall *%rax")" 'a register from before' 'nor by a register'
like "$(looked_up nop)" 'no call is looked up' 'nor may this check find nothing'

mkdir "$work/release"
spilled='\t.globl _start\n_start:\n\tret\nktlb_catch_up:\n\tjmp flush\nflush:\n\tpush %r13\n\tret\n'
link "$spilled" -static && mv "$work/planted" "$work/release/planted"
like "$(perl "$lint/elf.pl" "$work/release/planted")" 'flush spills %r13' 'what a call is told is not spilled on its way to a flush'

link '\t.globl _start\n_start:\n\tret\n\t.data\n\t.globl sheep\n\t.weak wolf\n\t.quad wolf\n' \
	-shared
like "$(perl "$lint/elf.pl" "$work/planted")" 'relocation R_X86_64_64' 'a relocation that is not relative is found'

link '\t.globl _start\n_start:\n\tret\n' -N
like "$(perl "$lint/elf.pl" "$work/planted")" 'writable and executable' 'a segment that is writable and executable is found'

gate=build/release/obj/kernel/mm/gate
if [ -d "$gate" ]; then
	found=$(perl "$lint/gate-calls.pl" "$gate" 2>&1)
	ok $? "the gate's operations stay in their folder" || diag "$(head -n 30 <<<"$found")"
else
	skip "$gate is not built"
fi
mkdir "$work/gate"
printf '\t.globl gate_stray\ngate_stray:\n\tjmp panic\n' >"$work/gate/stray.S"
gcc -c -o "$work/gate/stray.c.o" "$work/gate/stray.S"
like "$(perl "$lint/gate-calls.pl" "$work/gate")" "panic is neither" 'a call of another folder is found'

done_testing
