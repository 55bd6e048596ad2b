#!/bin/bash
# The direct boot: QEMU's -kernel enters the kernel by PVH, without GRUB; what it is given arrives as by GRUB, and machines
# that lack what a PC has are told so.
# needs: iso
. "$(dirname "$0")/lib.sh"
release_only

# Words that a shell, GRUB and the kernel could each take for something else.
odd_cmd="echo \"a  b\" 'c  d' e\\ f; echo 'it'\"'\"'s \$HOME *'; exit 3"
for BOOT in direct iso; do
	boot '' "$odd_cmd"
	is "$output" $'a  b c  d e f\nit\'s $HOME *' "quotes and backslashes reach the shell as written: $BOOT"
	is "$status" 3 "a status of 3 arrives: $BOOT"
done
BOOT=direct
boot 'xpfo=sync  vuln=on' 'options -j'
like "$output" '"xpfo": *"sync"' 'OPTS reach the kernel'

# Machines. What is there is found out, not assumed.
declare -A devices=(
	[pc]='8254 present, 8259 present, VGA absent, PCI present'
	[q35]='8254 present, 8259 present, VGA absent, PCI present'
	[microvm]='8254 absent, 8259 present, VGA absent, PCI absent'
	[microvm,pic=off,pit=off,rtc=off,acpi=off]='8254 absent, 8259 absent, VGA absent, PCI absent'
)
for MACHINE in "${!devices[@]}"; do
	MACHINE=$MACHINE SMP=2 boot 'vuln=on' 'audit && attack ret2dir_obj'
	is "$status" 0 "boots, and the audit finds nothing: $MACHINE"
	like "$output" 'ret2dir_obj: FAULT' "an attack is stopped: $MACHINE"
	like "$(<"$log")" "bulwark: devices: ${devices[$MACHINE]}" "a line says what the machine has: $MACHINE"
done
VGA=hidden boot '' true
like "$(<"$log")" 'bulwark: devices: .* VGA present' 'a VGA is found where there is one'

# typed MACHINE: an interactive session, all of it typed before the kernel runs; then the line stays open
typed() {
	local keyboard
	rm -f "$work/keyboard"
	mkfifo "$work/keyboard"
	exec {keyboard}<>"$work/keyboard"
	printf 'echo ty''ped\nexit 5\n' >&"$keyboard"
	MACHINE=$1 OPTS='' TIMEOUT=$(time_left) tools/run <&"$keyboard" >"$work/output" 2>"$work/errors"
	status=$?
	exec {keyboard}>&-
	output=$(tr -d '\r' <"$work/output")
}
for machine in pc microvm,pic=off; do
	typed "$machine"
	is "$status" 5 "what is typed while the machine boots is not lost: $machine"
	like "$output" '^typed' "and is run: $machine"
done

# What cannot be is refused, with the reason.
wrong() {
	local reason=$1 name=$2
	shift 2
	errors=$(env "$@" CMD=true OPTS='' tools/run 2>&1 >"$work/output")
	is $? 2 "$name ends with 2"
	like "$errors" "$reason" 'and says why'
}
wrong 'must be iso or direct' 'an unknown BOOT' BOOT=grub
wrong 'EFI=1 needs BOOT=iso' 'UEFI without a loader' EFI=1
wrong 'needs EMU=qemu' 'a direct boot in Bochs' EMU=bochs
wrong 'no desktop here' 'a window without a desktop' VGA=1 DISPLAY='' WAYLAND_DISPLAY=''
mkdir "$work/bin"
printf '#!/bin/bash\n[ "$*" != "-display help" ] || { printf "none\n%%s\n" "$KINDS"; exit; }\necho "$*" >"%s/arguments"\n' "$work" \
	>"$work/bin/qemu-system-x86_64"
chmod +x "$work/bin/qemu-system-x86_64"
wrong 'qemu-system-gui' 'a window by a QEMU that opens none' VGA=1 DISPLAY=:9 KINDS=dbus PATH="$work/bin:$PATH"
env VGA=1 DISPLAY=:9 KINDS=gtk PATH="$work/bin:$PATH" CMD=true OPTS='' tools/run >/dev/null 2>&1
like "$(<"$work/arguments")" '-vga std -display gtk' 'on a desktop there is a window'
wrong 'must be pc, q35 or microvm' 'an unknown machine' MACHINE=vax
wrong 'needs BOOT=direct' 'a microvm from the ISO' BOOT=iso MACHINE=microvm
wrong 'nothing.tar does not exist' 'a missing archive' ARCHIVE=nothing.tar
quotes=$(printf "%0990d" 0 | tr 0 "'")
every_option=$(tools/def options name default | tr '\t\n' '= ')
errors=$(OPTS=$every_option CMD=$quotes tools/run 2>&1)
is $? 2 'OPTS and CMD that do not fit end with 2'
like "$errors" 'at most 2047 fit' 'and the message says what fits'

# The kernel without the tools that check what it is told. It goes on with the defaults, and says so.
machine() {
	qemu-system-x86_64 -nodefaults -no-reboot -m 128M -display none -serial stdio -device isa-debug-exit,iobase=0xf4 \
		"$@" </dev/null 2>&1 | tr -d '\r'
}
raw() { machine -kernel "build/$BUILD/bulwark.elf" "$@"; }
TOOL=direct.t
. tools/lib/knobs.sh
odd_opts="nosuch=1 a\\b 'c \"d\" xpfo=\\'sync xpfo=maybe xpfo=sync xpfo=off smep"
cp "build/$BUILD/bulwark.iso" "$work/iso"
chmod u+w "$work/iso"
knobs_patch "$work/iso" "$odd_opts" 'options -j'
direct=$(raw -initrd build/archive.tar -append "$(knobs_line "$odd_opts" 'options -j')")
iso=$(machine -cdrom "$work/iso" -boot d)
like "$direct" "'nosuch=1' refused: there is no such option" 'the kernel tells of an option that it does not know'
like "$direct" "'xpfo=maybe' refused: its values are off" 'of a value'
like "$direct" "'xpfo=off' refused: it was given before" 'of one that was given before'
like "$direct" "'smep' refused: it needs =VALUE" 'and of one without a value'
like "$direct" '^bulwark: words of the command line refused, see above: [89]$' 'how many they are'
like "$direct" '"xpfo": "sync"' 'and goes on with what it can'
is "$(grep -a 'refused' <<<"$iso")" "$(grep -a 'refused' <<<"$direct")" 'and are the same words with either boot'
# Start information that the kernel must refuse, from a loader that is not ours.
like "$(raw)" 'bulwark: panic: the loader gave no boot archive' 'no module: the kernel says so'
like "$(raw -initrd build/archive.tar -append "$(printf '%02048d' 0)")" \
	'bulwark: panic: boot information refused: the command line is too long: at most 2047' 'a command line that is too long: the kernel says so'

done_testing
