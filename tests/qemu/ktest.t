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
if [ "$BUILD" = debug ]; then
	# with large pages in the direct map every suite that looks at it, or uses a lot of memory
	for variant in epoch off; do
		suites 2 "$variant directmap=2m" kernel enomem frame_map grant memory pressure ptdump share
	done
	# under other variants what is not the same: whose frames are where
	for variant in sync off; do
		suites 1 "$variant" kernel enomem frame_map grant memory mitigate pressure process ptdump residue share
	done
	for variant in v7noflush v9 pageblock; do
		suites 2 "$variant" kernel memory pressure residue
	done
	# All memory a page at a time, each with an interrupt that is waited for: half a minute in an emulator.
	read -ra all_memory <<<"$(soak pressure '')"
	suites 2 'sync directmap=2m' kernel enomem frame_map grant memory ptdump share "${all_memory[@]}"
	suites 2 v1 kernel memory residue "${all_memory[@]}"
	read -ra more <<<"$(soak 'kernel pressure' '')"
	for variant in v1 v6 v7noflush v7 v8 v8batch v9 pageblock; do
		suites 2 "$variant directmap=2m" memory residue "${more[@]}"
	done
fi

done_testing
