#!/bin/bash
# The suites that run inside the machine: in the kernel, and in user mode. Most with little memory: some of the suites
# take all there is.
. "$(dirname "$0")/lib.sh"
export MEM=128M

# suites NR_CPUS VARIANT [SUITE...]: those of XPFO; all of them, or these
suites() {
	local nr_cpus=$1 variant=$2 command
	shift 2
	command=$(printf 'selftest %s && ' "${@:-}")
	SMP=$nr_cpus boot "ktest=on vuln=on xpfo=$variant" "${command}audit"
	pass_through "$output"
	is "$status" 0 "selftest and the audit behind it end with 0 with xpfo=$variant and SMP=$nr_cpus"
}

suites 4 epoch
if [ "$BUILD" = debug ]; then
	suites 1 sync
	# what is not the same without XPFO: whose frames are where
	suites 1 off kernel enomem frame_map grant memory mitigate pressure process ptdump residue share
else
	MEM=256M suites 1 epoch
fi

done_testing
