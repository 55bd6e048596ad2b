#!/bin/bash
# No call is long: every one with its largest arguments, and the kernel counts the instructions in which it lets nobody
# in. Then calls that are killed in the middle, and memory that is touched while it moves.
# needs: test-programs debug
. "$(dirname "$0")/lib.sh"
. tests/rows.sh
# Release builds have no meter.
debug_only

ARCHIVE=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)
export ARCHIVE

# sweep OPTS ARGUMENTS: every call but those that stop the machine, or those named. The count is of one processor alone.
sweep() {
	SMP=1 MEM=1500M ICOUNT=0 boot "budget=panic $1" "root sweep $2"
	output=$(tail -n 30 <<<"$output" | cut -c1-200)
	is "$status" 0 "no call keeps the processor for more than 200,000 instructions ($1, ${2:0:24})"
	like "$output" 'sweep: done' 'and all were made'
	unlike "$(<"$log")" 'bulwark: panic|budget:' 'the meter has nothing to say'
}

# A quarter of the calls in turn, in `make soak` all: each is alone in its process.
read_rows syscalls name
mapfile -t calls < <(rotate 4 "${rows[@]}")
sweep xpfo=epoch "$(soak 512 "8 ${calls[*]}")"
# blocks of 2 MiB: what is hidden at once is zeroed in pieces
sweep 'xpfo=pageblock directmap=2m' '8 brk'
if [ -n "$(soak 1 '')" ]; then
	sweep xpfo=sync '8h mmap madvise fork mremap'
	sweep xpfo=pageblock '8 mmap brk'
	sweep 'xpfo=sync directmap=2m' '8 execve writev'
	sweep 'xpfo=v1 directmap=2m' '8 mremap mmap'
	sweep 'xpfo=v6 directmap=2m' '8 mmap madvise'
fi

# The meter counts at all.
SMP=1 MEM=128M ICOUNT=0 boot 'budget=log' 'true'
like "$(<"$log")" 'bulwark: budget: [0-9]+ ticks in a row' 'the meter counts'

SMP=2 MEM=$(soak 1024M 512M) boot '' "root kill_long $(soak '6 192' '1 48'); remap_race $(soak 4 2); audit"
output=$(grep -E '^(ok|not ok|#|[0-9]*\.\.)|violation' <<<"$output" | cut -c1-200)
pass_through "$output"
is "$status" 0 'the audit behind it, and behind memory touched while it moves, finds no violation'

done_testing
