#!/bin/bash
# The suites that run inside the machine: in the kernel, and in user mode.
. "$(dirname "$0")/lib.sh"

for variant in epoch sync local off; do
	boot "ktest=on vuln=on xpfo=$variant" 'selftest && audit'
	pass_through "$output"
	is "$status" 0 "selftest and the audit behind it end with 0 with xpfo=$variant"
done

done_testing
