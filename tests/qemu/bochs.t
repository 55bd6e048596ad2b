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

done_testing
