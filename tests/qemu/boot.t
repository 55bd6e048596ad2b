#!/bin/bash
# The machine boots with little and with much memory, and says what it is.
# needs: iso
. "$(dirname "$0")/lib.sh"

for BOOT in iso direct; do
	for memory in 64M 512M 8G; do
		MEM=$memory boot 'vuln=on' 'echo it lives'
		is "$status" 0 "boots with $memory of memory: $BOOT"
		is "$output" 'it lives' "the command's output, and nothing else, is on the console with $memory: $BOOT"
	done
done

banner=$(<"$log")
like "$banner" 'xpfo +epoch +of' 'the banner shows the XPFO variant in force'
is "$(grep -aoE '^bulwark:   [a-z]+ +[a-z0-9]+ +of ' "$log" | awk '{ print length }' | sort -u | wc -l)" 1 'the columns of the options are straight'
like "$banner" 'SMEP (on|off|absent)' 'the banner says whether SMEP is there'

CPU=qemu64 boot '' 'options'
is "$status" 0 'boots on a processor without SMEP, SMAP and UMIP'
like "$output" 'smep +off' 'and says that SMEP is off there'

boot 'log=console' 'true'
unlike "$output" 'TSC ticks' 'a console is not told how long the boot took'

# Instructions from kernel entry to the end of CMD=true; ICOUNT=4 makes 16 ticks of each.
count_boot() {
	MEM=$1 ICOUNT=4 boot '' 'true'
	instructions=$(($(sed -n 's/^bulwark: \([0-9]*\) TSC ticks since kernel entry.*/\1/p' "$log") / 16))
}

if [ "$BUILD" = release ]; then
	count_boot 512M
	with_512=$instructions
	[ "$with_512" -gt 1000000 ] && [ "$with_512" -le 10000000 ]
	ok $? "a boot with 512 MiB takes at most 10 million instructions: $with_512"
	count_boot 1536M
	[ "$((instructions - with_512))" -gt 1000000 ] && [ "$((instructions - with_512))" -le 8000000 ]
	ok $? "a further GiB takes at most 8 million: $((instructions - with_512))"
fi

SMP=2 boot '' 'true'
is "$status" 0 'a second processor does no harm'

done_testing
