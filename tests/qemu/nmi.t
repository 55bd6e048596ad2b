#!/bin/bash
# An NMI at every instruction of the ways into the kernel and out of it, by way of the debugger's stub. The program
# that goes through them finds its registers as they were, and the audit behind it finds nothing.
. "$(dirname "$0")/lib.sh"
debug_only

iso=$(make -s --no-print-directory print-iso EXTRA=tests/qemu/programs)
programs=build/${iso#build/*/} programs=${programs%/*}/bin

# torture OPTS: boots stopped, lets gdb run tests/qemu/nmi.py; $points, $output, $status
torture() {
	local port=$((20000 + RANDOM % 20000)) run
	last_boot="OPTS='$1' CMD='root entries && audit'"
	: >"$work/points"
	QEMU_ARGS="-gdb tcp:127.0.0.1:$port -S" ISO=$iso OPTS=$1 CMD='root entries && audit' LOG=$log TIMEOUT=150 \
		tools/run >"$work/output" 2>"$work/errors" </dev/null &
	run=$!
	for _ in {1..50}; do
		sleep 0.2
		{ : >"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null && break
	done
	NMI_KERNEL=build/$BUILD/bulwark.elf NMI_PROGRAM=$programs/entries NMI_PORT=$port NMI_RESULTS=$work/points \
		timeout 120 gdb -q -nx -batch "build/$BUILD/bulwark.elf" -x tests/qemu/nmi.py >"$work/gdb" 2>&1 || kill "$run"
	[ -s "$work/points" ] || tail -n 5 "$work/gdb" >>"$work/errors"
	wait "$run"
	status=$?
	points=$(<"$work/points")
	output=$(tr -d '\r' <"$work/output")
	errors=$(<"$work/errors")
}

# Without KASLR, as the script looks for a part of the way where it was linked.
for kaiser in off nopcid; do
	torture "kaslr=off kaiser=$kaiser"
	like "$points" "^# entry set: $kaiser$" "the ways are those of kaiser=$kaiser"
	pass_through "$points"
	is "$(grep -c 'of the handler waits' <<<"$points")" 3 'gdb came to the end'
	like "$output" 'all rounds were right' 'the program went on to its end, and its registers were right'
	is "$status" 0 'the audit behind it finds no violation'
done

done_testing
