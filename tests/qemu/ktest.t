#!/bin/bash
# The suites that run inside the machine: in the kernel, and in user mode. The release build has them on one processor in
# bochs_suite.t, too: some of them, all in a soak.
# needs: direct
# Little: each of the audit's plants is followed by an audit of all of it.
MEM=64M
. "$(dirname "$0")/lib.sh"

# suites NR_CPUS VARIANT [SUITE...]: those of XPFO; all of them, or these
suites() {
	local nr_cpus=$1 variant=$2 command
	shift 2
	command=$(printf 'selftest %s && ' "${@:-}")
	SMP=$nr_cpus boot "ktest=on vuln=on xpfo=$variant" "${command}audit"
	pass_through "$output"
	is "$status" 0 "selftest and the audit behind it end with 0 with xpfo=$variant and SMP=$nr_cpus"
}

for ((round = 0; round < $(soak 5 1); round++)); do
	suites 4 epoch
done
# under NR_CPUS VARIANT "SUITES OF A SOAK" "SUITES"
under() {
	local list
	read -ra list <<<"$(soak "$3" "$4")"
	suites "$1" "$2" "${list[@]}"
}
if [ "$BUILD" = debug ]; then
	# with KAISER every entry flushes, and hides that a flush is missing
	under 4 'epoch kaiser=off' 'kernel grant memory move share thread' 'kernel memory thread'
	# With large pages in the direct map, and under other variants, what is not the same: whose frames are where. A soak has
	# every suite that looks at them, and every variant.
	under 2 'epoch directmap=2m' 'kernel enomem frame_map grant memory pressure ptdump share' 'kernel memory share'
	under 1 off 'kernel enomem frame_map grant memory mitigate pressure process ptdump residue share' 'kernel mitigate residue'
	under 2 pageblock 'kernel memory pressure residue' 'kernel memory residue'
	under 1 sync 'kernel enomem frame_map grant memory mitigate pressure process ptdump residue share' 'memory residue'
	under 2 v1 'kernel memory pressure residue' 'memory residue'
fi
if [ "$BUILD" = debug ] && [ -n "$(soak 1 '')" ]; then
	for variant in off sync; do
		suites 2 "$variant directmap=2m" kernel enomem frame_map grant memory pressure ptdump share
	done
	for variant in v7noflush v9; do
		suites 2 "$variant" kernel memory pressure residue
	done
	for variant in v1 v6 v7noflush v7 v8 v8batch v9 pageblock; do
		suites 2 "$variant directmap=2m" kernel memory pressure residue
	done
fi

done_testing
