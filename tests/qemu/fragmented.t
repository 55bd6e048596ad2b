#!/bin/bash
# Memory in many pieces, as GRUB's cutmem and badram leave it: every piece is used as far as there is room in the list, the
# smallest are left out beyond that, and the log says how much.
# needs: iso
. "$(dirname "$0")/lib.sh"
release_only
export MEM=512M BOOT=iso

# with_holes GRUB-COMMANDS NAME: boots with those in front of the menu; $usable is the number of frames
with_holes() {
	{
		echo 'insmod mmap'
		echo "$1"
		cat boot/grub/grub.cfg
	} >"$work/grub.cfg"
	tools/make-iso "$work/iso" "build/$BUILD/bulwark.elf" build/archive.tar "$work/grub.cfg"
	ISO=$work/iso boot '' 'mem -j; audit'
	is "$status" 0 "$2: boots, and the audit finds nothing"
	usable=$(sed -n 's/^{"usable": \([0-9]*\),.*/\1/p' <<<"$output")
}

with_holes '' 'memory in one piece'
whole=$usable
is "$((whole > 120000))" 1 "nearly all of it is usable: $whole frames"
unlike "$(<"$log")" 'memory map:' 'and nothing is said to be lost'

with_holes "$(for ((i = 0; i < 200; i++)); do printf 'cutmem %#x %#x\n' $((0x4000000 + i * 0x100000)) $((0x4001000 + i * 0x100000)); done)" \
	'200 holes of a page'
is "$((whole - usable))" 200 'they cost 200 pages'
unlike "$(<"$log")" 'memory map:' 'and nothing else is said to be lost'

# 512 pages, each a range of its own, and what is in front of them and behind.
with_holes 'badram 0x4001000,0xffc01000' 'every second page of 4 MiB bad'
like "$(<"$log")" 'bulwark: memory map: [1-9] ranges too many, [0-9]+ KiB left out' 'ranges beyond the room for them are said to be left out'
left_out=$(sed -n 's/.* too many, \([0-9]*\) KiB left out.*/\1/p' "$log")
is "$((whole - usable))" "$((512 + left_out / 4))" 'beside the bad pages just those are lost'

# No piece has room for the frame table, which takes 12 MiB. GRUB's time grows with the square of the holes.
export MEM=2G
step=$(soak 4 11) nr=0 commands=
for ((at = 0x1000000; at < 0x7fc00000; at += step << 20)); do
	printf -v commands '%scutmem %#x %#x\n' "$commands" "$at" $((at + 0x1000))
	nr=$((nr + 1))
done
with_holes "$commands" "a hole every $step MiB of them"
is "$((whole + (2048 - 512) * 256 - usable))" "$nr" 'the holes cost their pages'
unlike "$(<"$log")" 'left out' 'and nothing else is said to be lost'

done_testing
