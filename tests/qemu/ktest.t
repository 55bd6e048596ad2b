#!/bin/bash
# The suites that run inside the machine: in the kernel, and in user mode. The release build has them on one processor in
# bochs_suite.t, too: some of them in turn, all in a soak. Of those suites that take long the debug build has one in three in each run,
# and one of the other kinds of machines, in turn; in `make soak` all.
# needs: direct
# Little: each of the audit's plants is followed by an audit of all of it. Less still where no program fills it.
memory=64M
. "$(dirname "$0")/lib.sh"

# suites NR_CPUS VARIANT [SUITE...]: those of XPFO; all of them, or these
suites() {
	local nr_cpus=$1 variant=$2 command
	shift 2
	command=$(printf 'selftest %s && ' "${@:-}")
	MEM=$memory SMP=$nr_cpus boot "ktest=on vuln=on xpfo=$variant" "${command}audit"
	pass_through "$output"
	is "$status" 0 "selftest and the audit behind it end with 0 with xpfo=$variant and SMP=$nr_cpus"
}

if [ "$BUILD" = debug ] || [ -n "$(soak 1 '')" ]; then
	long='reunite thread sched limit pressure policy mitigate pointer witness entry_stack fpu'
	mapfile -t short < <(cd user/selftest && printf '%s\n' t_*.c | sed 's/^t_//; s/\.c$//' | grep -vxF "${long// /$'\n'}")
	# shellcheck disable=SC2046,SC2086 # words
	for ((round = 0; round < $(soak 5 1); round++)); do
		suites 4 epoch $(soak '' "kernel ${short[*]}") $([ -n "$(soak 1 '')" ] || rotate 3 $long)
	done
else
	# shellcheck disable=SC2046 # words
	suites 4 epoch kernel $(rotate 2 fault futex grant ipc memory process sched thread)
fi
# The programs that repeat what they do, in full.
if [ "$BUILD" = debug ] && [ -n "$(soak 1 '')" ]; then
	SMP=4 boot 'vuln=on' "$(printf 'root t_%s long && ' entry_gates futex ipc limit mitigate policy pressure reunite thread)audit"
	pass_through "$output"
	is "$status" 0 'the programs that repeat what they do succeed with more rounds'
fi
memory=$(soak 64M 32M)
if [ "$BUILD" = debug ]; then
	# shellcheck disable=SC2046 # words
	for kind in $(rotate 3 kaiser large off); do
		case $kind in
		# with KAISER every entry flushes, and hides that a flush is missing
		kaiser) suites 4 'epoch kaiser=off' $(soak 'kernel grant memory move share thread' 'kernel memory') ;;
		# With large pages in the direct map, and under other variants, what is not the same: whose frames are where.
		large) suites 2 'epoch directmap=2m' $(soak 'kernel enomem frame_map grant memory pressure ptdump share' 'kernel share') ;;
		off) suites 1 off $(soak 'kernel enomem frame_map grant memory mitigate pressure process ptdump residue share' 'kernel residue') ;;
		esac
	done
fi
if [ "$BUILD" = debug ] && [ -n "$(soak 1 '')" ]; then
	suites 1 sync kernel enomem frame_map grant memory mitigate pressure process ptdump residue share
	for variant in off sync; do
		suites 2 "$variant directmap=2m" kernel enomem frame_map grant memory pressure ptdump share
	done
	for variant in v1 v7noflush v9 pageblock; do
		suites 2 "$variant" kernel memory pressure residue
	done
	for variant in v1 v6 v7noflush v7 v8 v8batch v9 pageblock; do
		suites 2 "$variant directmap=2m" kernel memory pressure residue
	done
fi

done_testing
