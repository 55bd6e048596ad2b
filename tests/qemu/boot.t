#!/bin/bash
# The machine boots with little and with much memory, and says what it is.
# needs: iso
. "$(dirname "$0")/lib.sh"

for memory in 64M 512M 8G; do
	MEM=$memory boot 'vuln=on' 'echo it lives'
	is "$status" 0 "boots with $memory of memory"
	is "$output" 'it lives' "the command's output, and nothing else, is on the console with $memory"
done

banner=$(<"$log")
like "$banner" 'xpfo +epoch +of' 'the banner shows the XPFO variant in force'
like "$banner" 'SMEP (on|off|absent)' 'the banner says whether SMEP is there'

CPU=qemu64 boot '' 'options'
is "$status" 0 'boots on a processor without SMEP, SMAP and UMIP'
like "$output" 'smep +off' 'and says that SMEP is off there'

boot 'xpfo=sync xpfo=off' 'true'
like "$(<"$log")" "'xpfo=off' refused: it was given before" 'a repeated option is reported, the first one holds'

SMP=2 boot '' 'true'
is "$status" 0 'a second processor does no harm'

done_testing
