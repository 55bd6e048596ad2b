#!/bin/bash
# An NMI at every instruction of the ways into the kernel and out of it, by way of the debugger's stub. The program
# that goes through them finds its registers as they were, and the audit behind it finds nothing.
# needs: test-programs debug
. "$(dirname "$0")/lib.sh"
# One processor: what is looked at, or interrupted, is on that.
export SMP=1
kernel=${KERNEL:-build/$BUILD/bulwark.elf}
debug_only

archive=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)
programs=${archive%/*}/bin

# torture OPTS PTPROT: boots stopped, lets gdb run tests/qemu/nmi.py; $points, $output, $status
torture() {
	local run stub=$work/stub
	last_boot="OPTS='$1' CMD='root entries && audit'"
	: >"$work/points"
	QEMU_ARGS="$(stub_arguments "$stub")" ARCHIVE=$archive OPTS=$1 CMD='root entries && audit' LOG=$log TIMEOUT=$(time_left) \
		tools/run >"$work/output" 2>"$work/errors" </dev/null &
	run=$!
	NMI_PTPROT=$2 NMI_KERNEL=$kernel NMI_PROGRAM=$programs/entries NMI_STUB=$stub NMI_RESULTS=$work/points \
		attach "$stub" "$run" "$kernel" -x tests/qemu/nmi.py
	[ -s "$work/points" ] || tail -n 5 "$work/gdb" >>"$work/errors"
	wait "$run"
	status=$?
	points=$(<"$work/points")
	output=$(tr -d '\r' <"$work/output")
	errors=$(<"$work/errors")
}

# Without KASLR, as the script looks for a part of the way where it was linked.
for ways in $(rotate 2 nopcid:pks nopcid:window) $(soak off:wp ''); do
	kaiser=${ways%:*} ptprot=${ways#*:}
	torture "kaslr=off kaiser=$kaiser ptprot=$ptprot" "$ptprot"
	like "$points" "^# entry set: $kaiser$" "the ways are those of kaiser=$kaiser"
	pass_through "$points"
	is "$(grep -c 'of the handler waits' <<<"$points")" 4 'gdb came to the end' || diag "$(cat "$work/points.tried")"
	like "$output" 'all rounds were right' 'the program went on to its end, and its registers were right'
	is "$status" 0 'the audit behind it finds no violation'
done

done_testing
