#!/bin/bash
# Panics on several processors, while they are busy: one report, whole, and then the end. A machine check that
# QEMU injects is what the kernel cannot survive.
# needs: test-programs
. "$(dirname "$0")/lib.sh"
debug_only

archive=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)

# QEMU 10 broadcasts a machine check only to a processor that it takes for one by Intel, and not too old.
export CPU=max,vendor=GenuineIntel,family=6,model=15

# check WHERE NAME: boots, waits until it is busy, injects (WHERE: `-b 0` is everywhere, `2` is there alone)
check() {
	rm -f "$log" "$work/output"
	ARCHIVE=$archive SMP=4 CMD=crash LOG=$log MONITOR=$work/monitor TIMEOUT=$(time_left) \
		tools/run >"$work/output" 2>"$work/errors" &
	local run=$!
	await "$run" says busy "$work/output"
	perl tests/qemu/monitor.pl "$work/monitor" "mce $1 1 0xbe00000000000000 5 0 0" >"$work/said"
	unlike "$(<"$work/said")" 'not|rror' "$2: QEMU injects it"
	wait "$run" 2>/dev/null
	is $? 124 "$2: the status is that of a panic"
	is "$(grep -c 'bulwark: panic: machine check' "$log")" 1 "$2: one report" || after_failure
	is "$(grep -c 'bulwark: panic' "$log")" 1 "$2: no second panic"
	like "$(<"$log")" '  cpu [0-3]  cr2' "$2: it says which processor"
	is "$(grep -c 'did not stop' "$log")" 0 "$2: the others have stopped"
	is "$(sed '1,/bulwark: panic/d' "$log" | grep -v '^  ' | tr -d '\r')" 'bulwark: exit status 124' \
		"$2: nobody else comes in between"
}

for ((round = 0; round < $(soak 15 1); round++)); do
	check '-b 0' 'on all processors at once'
	check '2' 'on one of them'
done
done_testing
