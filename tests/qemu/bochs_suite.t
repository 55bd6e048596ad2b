#!/bin/bash
# The self-tests on a processor with PCIDs, which QEMU's emulator has not: Bochs, kaiser=pcid. In the release build alone. In
# a soak all of them, and all attacks there are a column of matrix.t; else half of those of page tables and processes, in turn,
# and some of the attacks.
# needs: iso bochs
. "$(dirname "$0")/lib.sh"
export BOOT=iso EMU=bochs MEM=64M

release_only

suites=$([ -n "$(soak 1 '')" ] || rotate 2 fault memory mitigate process ptdump share)
command=
for suite in ${suites:-all}; do
	command+="selftest ${suite/#all/} && "
done
for attack in meltdown_model ret2dir_obj $(soak 'kaslr_probe xpfo_parked' ''); do
	command+="attack $attack && "
done
SMP=1 boot 'vuln=on ktest=on kaiser=pcid' "${command}mitigate"
pass_through "$output"
is "$status" 0 'the self-tests pass, and attacks end as expected'
like "$output" '^kaiser +pcid$' 'with PCIDs in use'

done_testing
