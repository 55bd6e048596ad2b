# Sourced by tests that look at memory from outside while a program holds still in user mode.

symbols=$work/symbols
nm "build/$BUILD/bulwark.elf" >"$symbols"
archive=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)

# It may have been interrupted: then the kernel is left soon.
stops_in_user_mode() {
	perl tests/qemu/monitor.pl "$work/monitor" stop 'info registers -a' | grep -q 'CPL=3' && return
	perl tests/qemu/monitor.pl "$work/monitor" cont >/dev/null
	return 1
}

# dump_held OPTS COMMAND SMP: boots, waits for the program that the command ends with, writes $work/memory and $work/registers
dump_held() {
	: >"$work/output"
	rm -f "$work/memory" "$work/registers"
	ARCHIVE=$archive OPTS=$1 CMD=$2 SMP=$3 MEM=64M LOG=$log MONITOR=$work/monitor TIMEOUT=$(time_left) \
		tools/run >"$work/output" 2>"$work/errors" &
	local run=$!
	await "$run" says holding "$work/output"
	await "$run" stops_in_user_mode
	perl tests/qemu/monitor.pl "$work/monitor" 'info registers -a' \
		"pmemsave 0 0x4000000 \"$PWD/$work/memory\"" quit >"$work/registers"
	wait "$run" 2>/dev/null
	errors=$(<"$work/errors")
}
