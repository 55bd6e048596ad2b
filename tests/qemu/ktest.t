#!/bin/bash
# The suites that run inside the machine: in the kernel, and in user mode.
. "$(dirname "$0")/lib.sh"

for variant in sync local off; do
	boot "ktest=on vuln=on xpfo=$variant" 'selftest'
	pass_through "$output"
	is "$status" 0 "selftest ends with 0 with xpfo=$variant"
done

boot 'ktest=on vuln=on' 'selftest && audit'
is "$status" 0 'the audit is clean after all suites'

done_testing
