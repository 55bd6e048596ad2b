#!/bin/bash
# The ISO is small, and its menu has the entries that it should have.
# needs: iso
. "$(dirname "$0")/lib.sh"
release_only

iso=build/$BUILD/bulwark.iso
is "$(($(stat -c %s "$iso") < 8 << 20))" 1 'the ISO is smaller than 8 MiB'

mkdir "$work/tree"
xorriso -osirrox on -indev "$iso" -extract /boot/grub/grub.cfg "$work/tree/grub.cfg" \
	-extract /boot/grub/knobs.cfg "$work/tree/knobs.cfg" >/dev/null 2>&1
menu=$(<"$work/tree/grub.cfg")
like "$menu" 'all defences on' 'the menu has an entry with all defences on'
like "$menu" 'all defences off' 'the menu has an entry with all defences off'
for defence in XPFO SMEP SMAP; do
	like "$menu" "$defence alone" "the menu has an entry with $defence alone"
done
is "$(stat -c %s "$work/tree/knobs.cfg")" 4096 'the knobs file has its fixed size'

# As an ISO written to a disk is booted: without knobs, by the menu's first entry.
qemu-system-x86_64 -nodefaults -no-reboot -m 512M -cpu max -vga none -display none -cdrom "$iso" \
	-serial "file:$work/console" </dev/null >/dev/null 2>&1 &
machine=$!
await "$machine" says 'xpfo +[a-z]' "$work/console"
stop "$machine"
like "$(tr -d '\r' <"$work/console" | tail -n +3)" 'xpfo +epoch' 'without knobs the first entry boots, defences on'

done_testing
