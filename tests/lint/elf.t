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
like "$(perl "$lint/elf.pl" "$work/planted")" 'stray writes CR3' 'a stray CR3 write is found'

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
