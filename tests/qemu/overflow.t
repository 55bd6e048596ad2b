#!/bin/bash
# A kernel stack that ends: the guard page behind it, #DF on a stack of its own, and a panic that says so. The
# debugger moves the stack pointer to the last bytes in the middle of a system call.
# needs: direct debug
. "$(dirname "$0")/lib.sh"
# One processor: what is looked at, or interrupted, is on that.
export SMP=1
debug_only

# overflow OPTS
overflow() {
	local run stub=$work/stub
	rm -f "$log"
	QEMU_ARGS="$(stub_arguments "$stub")" OPTS=$1 CMD='mem' LOG=$log TIMEOUT=$(time_left) \
		tools/run >"$work/output" 2>"$work/errors" </dev/null &
	run=$!
	attach "$stub" "$run" "build/$BUILD/bulwark.elf" -ex "target remote $stub" \
		-ex 'hbreak sys_memory_info' -ex continue -ex 'set $rsp = ((unsigned long)$rsp & ~0x3ffful) + 8' -ex 'delete' -ex detach
	wait "$run"
	is $? 124 "the status is that of a panic: $1"
	like "$(<"$log")" 'panic: kernel stack overflow: 0x[0-9a-f]+ is in the guard page' "the panic says so: $1"
	like "$(<"$log")" 'sys_memory_info' "and where it was: $1"
	like "$(<"$log")" '  kernel root  L4 0x[0-9a-f]+ rwx- > L3 .* absent' "and how the page tables end there: $1"
	like "$(<"$log")" '  defence      guard page: a kernel stack ends here' "and why: $1"
}

for kaiser in off nopcid; do
	overflow "kaslr=off kaiser=$kaiser"
done

done_testing
