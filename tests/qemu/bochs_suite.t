#!/bin/bash
# Every attack and every self-test on a processor with PCIDs, which QEMU's emulator has not: Bochs, kaiser=pcid. In
# the release build alone, as it takes minutes.
. "$(dirname "$0")/lib.sh"
export EMU=bochs MEM=256M

if [ "$BUILD" = debug ]; then
	skip 'the release build does it'
	done_testing
	exit
fi

SMP=2 boot 'vuln=on kaiser=pcid' 'attack all; mitigate'
is "$status" 0 'the shell comes to its end'
like "$output" '[0-9]+ attacks, [0-9]+ as expected, 0 not' 'every attack ends as expected'
like "$output" '^kaiser +pcid$' 'with PCIDs in use'
diag "$output"

TIMEOUT=380 SMP=1 boot 'vuln=on ktest=on kaiser=pcid' 'selftest'
pass_through "$output"
is "$status" 0 'the self-tests pass'

done_testing
