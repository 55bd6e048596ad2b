#!/bin/bash
# Every attack, under every combination of options that changes what it must end in.
. "$(dirname "$0")/lib.sh"

attacks=$(sed -n 's/^ATTACK(\([a-z0-9_]*\).*/\1/p' user/attacks/attacks.def)

for opts in '' 'xpfo=off' 'xpfo=local' 'xpfo=off physmap=rwx' 'physmap=rwx' 'xpfo=off smep=off' 'smap=off' \
	'kaiser=off' 'kstack=fixed umip=off' 'xpfo=off smep=off smap=off physmap=rwx' \
	'pmalloc=plain' 'pmalloc=off xpfo=off' 'cred=plain'; do
	boot "vuln=on $opts" 'attack all && audit'
	is "$status" 0 "attack all, every outcome as expected, audit clean: ${opts:-defaults}"
	for name in $attacks; do
		grep -qE "\\b$name\\b" <<<"$output"
		ok $? "$name was run: ${opts:-defaults}"
	done
done

boot 'vuln=off' 'attack all'
is "$status" 0 'with vuln=off every attack is DENIED'
unlike "$output" 'BREACH|FAULT' 'with vuln=off nothing reaches the kernel'

# What the README promises.
boot 'xpfo=off vuln=on' 'attack ret2dir_obj'
is "$status" 0 'ret2dir_obj ends as expected with xpfo=off'
like "$output" 'ret2dir_obj: BREACH' 'ret2dir_obj succeeds with xpfo=off'
boot 'xpfo=sync vuln=on' 'attack ret2dir_obj'
is "$status" 0 'ret2dir_obj ends as expected with xpfo=sync'
like "$output" 'ret2dir_obj: FAULT' 'ret2dir_obj is stopped with xpfo=sync'
like "$output$(<"$log")" 'XPFO' 'the report names the defence'
like "$output$(<"$log")" 'frame' 'the report names the frame'
like "$output$(<"$log")" 'USER' "the report names the frame's owner"

# The report of each attack through the direct map names the frame, its owner and XPFO.
for variant in epoch sync; do
	for attack in code obj rop spray residue huge; do
		boot "xpfo=$variant vuln=on" "attack ret2dir_$attack"
		like "$output" 'XPFO: frame 0x[0-9a-f]+ belongs to (USER|FREE); it is hidden' \
			"ret2dir_$attack: the report names frame, owner and XPFO with xpfo=$variant"
	done
done

done_testing
