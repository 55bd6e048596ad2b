#!/bin/bash
# The same ISO boots in Bochs, which has PCID and is stricter than QEMU.
. "$(dirname "$0")/lib.sh"
export EMU=bochs MEM=256M

boot 'vuln=on' 'echo it lives; attack ret2dir_obj'
is "$status" 0 'the shell and an attack run in Bochs'
like "$output" '^it lives$' 'the shell prints on the console'
like "$output" 'ret2dir_obj: FAULT' 'XPFO stops ret2dir_obj'

boot 'vuln=on xpfo=off' 'attack ret2dir_obj'
is "$status" 0 'the attack ends as expected with xpfo=off'
like "$output" 'ret2dir_obj: BREACH' 'without XPFO the attack succeeds'

# Bochs is strict where QEMU lets odd ways into the kernel pass. With the assertions of the debug build; the release
# build's whole suite is bochs_suite.t.
if [ "$BUILD" = release ]; then
	done_testing
	exit
fi
commands='mitigate'
for test in step gates flags segments stack registers float; do
	commands+=" && selftest entry_$test"
done
SMP=2 boot 'vuln=on ktest=on kaiser=pcid' "$commands && audit"
pass_through "$output"
is "$status" 0 'the entry torture passes with kaiser=pcid, and the audit finds nothing'
like "$output" '^kaiser +pcid$' 'PCIDs are in use'

done_testing
