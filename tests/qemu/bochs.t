#!/bin/bash
# The same ISO boots in Bochs, which has PCIDs and is stricter than QEMU: the release build as a user runs it, whose
# suites are bochs_suite.t; the debug build, which has assertions, with what is odd about the ways into the kernel: one in two of
# these programs in turn, in `make soak` all.
# needs: iso bochs
. "$(dirname "$0")/lib.sh"
export BOOT=iso EMU=bochs MEM=64M

if [ "$BUILD" = release ]; then
	boot 'vuln=on' 'echo it lives; attack ret2dir_obj'
	is "$status" 0 'the shell and an attack run in Bochs'
	like "$output" '^it lives$' 'the shell prints on the console'
	like "$output" 'ret2dir_obj: FAULT' 'XPFO stops ret2dir_obj'

	boot 'vuln=on xpfo=off' 'attack ret2dir_obj'
	is "$status" 0 'the attack ends as expected with xpfo=off'
	like "$output" 'ret2dir_obj: BREACH' 'without XPFO the attack succeeds'
	done_testing
fi

commands='mitigate'
for test in $(rotate 2 step gates flags stack) $(soak 'segments registers float' ''); do
	commands+=" && selftest entry_$test"
done
boot 'vuln=on ktest=on kaiser=pcid' "$commands && audit"
pass_through "$output"
is "$status" 0 'the entry torture passes with kaiser=pcid, and the audit finds nothing'
like "$output" '^kaiser +pcid$' 'PCIDs are in use'

done_testing
