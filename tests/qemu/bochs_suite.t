#!/bin/bash
# Every self-test on a processor with PCIDs, which QEMU's emulator has not: Bochs, kaiser=pcid. In the release build alone,
# as it takes minutes. The attacks there are a column of matrix.t.
# needs: iso bochs
. "$(dirname "$0")/lib.sh"
export BOOT=iso EMU=bochs MEM=128M

release_only

SMP=1 boot 'vuln=on ktest=on kaiser=pcid' 'selftest && mitigate'
pass_through "$output"
is "$status" 0 'the self-tests pass'
like "$output" '^kaiser +pcid$' 'with PCIDs in use'

done_testing
