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

# The whole suite where there are PCIDs, and where odd ways into the kernel are not let pass as in QEMU. Assertions make
# it slow: the debug build takes these ways alone.
commands='attack all'
if [ "$BUILD" = debug ]; then
	for test in step gates flags segments stack registers float; do
		commands+=" && selftest entry_$test"
	done
else
	commands+=' && selftest'
fi
SMP=2 TIMEOUT=400 boot 'vuln=on ktest=on kaiser=pcid' "$commands && audit"
pass_through "$output"
is "$status" 0 'all attacks end as expected with kaiser=pcid, all tests pass, the audit finds nothing'

done_testing
