#!/bin/bash
# The map of physical memory agrees with what else the kernel tells, as text, as JSON and as a picture.
# needs: iso screenshot efi
. "$(dirname "$0")/lib.sh"
release_only
MEM=512M

boot 'vuln=on' 'map; map -j; mem -j'
findings=$(perl tests/qemu/map.pl numbers kernel/mm/table/policy.def <<<"$output" 2>&1)
is $? 0 'the map agrees with the policy table and with `mem`' || diag "$findings"
spoiled=$(sed 's/"state": "PTABLE",\(.*\)"frames": \([0-9]*\)/"state": "PTABLE",\1"frames": 1\2/' <<<"$output")
like "$(perl tests/qemu/map.pl numbers kernel/mm/table/policy.def <<<"$spoiled" 2>&1)" 'ptable' 'a count that is wrong is noticed'
like "$output" '^ +0 MiB [.]+' 'the text begins with the first frame'
is "$(grep -cE '^ +[0-9]+ MiB [A-Za-z.]{64}$' <<<"$output")" 16 'it is a grid of 16 lines'
unlike "$output" $'\e' 'without a terminal it has no escape sequences'

boot 'vuln=on' 'map -x || map -w || map -w 0 || map -w 5s || map -w 1 2 || map map || map -j x'
is "$status" 2 'bad arguments give 2'
like "$output$errors" 'there is no option `-x`' 'an unknown option is named'
like "$output$errors" '-w: `0` is not a number of seconds' 'so is a time that is none'
like "$output$errors" '-w: `5s` is not' 'and one that is not a number'
like "$output$errors" 'it cannot watch itself' 'it does not watch itself'

# Little, as the attack fills most of it.
MEM=96M
boot 'vuln=on' 'map attack ret2dir_spray'
is "$status" 0 'watching a command gives its status'
like "$output" '^physical memory before `attack ret2dir_spray`' 'without a terminal it shows memory before'
like "$(sed -n '/at the height of/,$p' <<<"$output")" 'U +[1-9][0-9]{4}  user, hidden' 'and at the height of the command'
boot 'vuln=on xpfo=off' 'map false'
is "$status" 1 'also where that is not 0'
like "$output" 'M +[0-9]+  user, in the direct map' 'without XPFO user frames are in the direct map'

# shot OPTS: makes $work/screen.ppm, and takes the colours from the map of such a machine
shot() {
	png=$work/screen.png
	answer=$(BOOT=iso OPTS=$1 PNG=$png TIMEOUT=$(time_left) tools/screenshot 2>"$work/errors")
	is "$answer" "$png" "a picture is made: $1" || diag "$(<"$work/errors")"
	pngtopnm "$png" >"$work/screen.ppm"
	is "$(head -n 2 "$work/screen.ppm" | tr '\n' ' ')" 'P6 1440 900 ' 'it is a PNG file of the size of the screen'
}

MEM=192M
boot '' 'map -j'
legend=$output
shot 'vuln=on'
findings=$(perl tests/qemu/map.pl picture "$work/screen.ppm" USER_HIDDEN USER_MAPPED <<<"$legend" 2>&1)
is $? 0 'many squares are of user frames that are hidden, none of others, and all are there' || diag "$findings"
perl tests/qemu/map.pl picture "$work/screen.ppm" USER_MAPPED USER_HIDDEN <<<"$legend" >/dev/null 2>&1
is $? 1 'another colour would be noticed'
EFI=1 shot 'vuln=on xpfo=off'
findings=$(perl tests/qemu/map.pl picture "$work/screen.ppm" USER_MAPPED USER_HIDDEN <<<"$legend" 2>&1)
is $? 0 'without XPFO, and with UEFI, they are of user frames in the direct map' || diag "$findings"

done_testing
