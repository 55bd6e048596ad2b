#!/bin/bash
# The linked kernels: CR3, relocations, segments.
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

done_testing
