#!/bin/bash
# The suites that run inside the machine: in the kernel, and in user mode. On one processor and on several; the variants
# of XPFO in the debug build alone, which checks more. Most with little memory: some of the suites take all there is.
. "$(dirname "$0")/lib.sh"

# suites VARIANT NR_CPUS
suites() {
	SMP=$2 boot "ktest=on vuln=on xpfo=$1" 'selftest && audit'
	pass_through "$output"
	is "$status" 0 "selftest and the audit behind it end with 0 with xpfo=$1 and SMP=$2"
}

MEM=256M suites epoch 1
export MEM=128M
suites epoch 4
if [ "$BUILD" = debug ]; then
	suites sync 1
	suites off 1
fi

done_testing
