# Sourced by tools/run and tools/debug. QEMU: qemu_boot runs the machine in $dir; its status is the emulator's.
# BOOT=iso: GRUB loads what is in $dir/iso. BOOT=direct: the emulator loads $KERNEL and $ARCHIVE itself (PVH).

# Of Debian and Ubuntu, Fedora, Arch.
readonly OVMF_FOLDERS=(/usr/share/OVMF /usr/share/edk2/ovmf /usr/share/edk2/x64)

# KVM only where the processor has the extensions: a /dev/kvm alone proves nothing.
qemu_accelerator() {
	if [ "$ACCEL" = auto ] && grep -qwE 'vmx|svm' /proc/cpuinfo && [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
		echo kvm
	else
		echo "${ACCEL/auto/tcg}"
	fi
}

# What is booted, and how it is told OPTS and CMD.
qemu_loader() {
	local line
	if [ "$BOOT" = iso ]; then
		machine+=(-cdrom "$dir/iso" -boot d)
		return
	fi
	line=$(knobs_line "$OPTS" "$CMD") || return 1
	machine+=(-kernel "$KERNEL" -initrd "$ARCHIVE" -append "$line")
}

# The kind of window that this QEMU can open here.
qemu_window() {
	local kind kinds
	if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
		complain "VGA=1 opens a window, and there is no desktop here: neither DISPLAY nor WAYLAND_DISPLAY is set." \
			"VGA=hidden, or make screenshot, does without"
		return 1
	fi
	kinds=$(qemu-system-x86_64 -display help)
	for kind in gtk sdl; do
		if grep -qx "$kind" <<<"$kinds"; then
			echo "$kind"
			return 0
		fi
	done
	complain 'VGA=1: this QEMU opens no windows; the Debian package qemu-system-gui adds that'
	return 1
}

# More memory than the host has to give: the emulator asks for addresses alone, and gets what the guest touches.
qemu_memory() {
	local most
	most=$(host_mib)
	[ -z "$most" ] || [ "$(memory_mib)" -lt "$most" ] \
		|| machine+=(-object "memory-backend-ram,id=memory,size=$MEM,reserve=off" -machine memory-backend=memory)
}

# The processors of TCG address 1 TiB unless told otherwise, and some of that is for devices.
qemu_address_bits() {
	[ "$(memory_mib)" -le $((512 * 1024)) ] || [[ ${CPU:-} == *,phys-bits=* ]] || echo ',phys-bits=48'
}

# Fills the array `machine` with everything but the serial ports. The emulator's own key is Ctrl-] (0x1d): the shell has use
# for Ctrl-A, which is QEMU's otherwise.
qemu_machine() {
	local code vars window
	machine=(qemu-system-x86_64 -machine "$MACHINE" -nodefaults -no-reboot -m "$MEM" -smp "$SMP"
		-echr 0x1d -device "isa-debug-exit,iobase=0xf4,iosize=4")
	qemu_loader || return 1
	qemu_memory
	# The firmware of all microvms here: SeaBIOS, which newer QEMU (10) has for some, takes the end of memory, where the archive is.
	[[ $MACHINE != microvm* ]] || machine+=(-bios qboot.rom)
	# QEMU 10 ends where the x2APIC's timer is read while it counts.
	if [ -n "$ICOUNT" ]; then
		machine+=(-accel "tcg,thread=single" -icount "shift=$ICOUNT,sleep=off" -cpu "${CPU:-max},-erms,-fsrm,-x2apic$(qemu_address_bits)")
	else
		case $(qemu_accelerator) in
		kvm) machine+=(-accel kvm -cpu "${CPU:-host}") ;;
		tcg) machine+=(-accel "tcg,thread=multi" -cpu "${CPU:-max}$(qemu_address_bits)") ;;
		esac
	fi
	if [ "$EFI" = 1 ]; then
		code=$(find_file 'UEFI firmware (OVMF)' "${OVMF_FOLDERS[@]/%//OVMF_CODE_4M.fd}" "${OVMF_FOLDERS[@]/%//OVMF_CODE.4m.fd}" \
			"${OVMF_FOLDERS[@]/%//OVMF_CODE.fd}") || return 1
		vars=${code/CODE/VARS}
		cp "$vars" "$dir/efi-variables" || return 1
		machine+=(-drive "if=pflash,format=raw,readonly=on,file=$code"
			-drive "if=pflash,format=raw,file=$dir/efi-variables")
	fi
	case ${VGA:=$([ "$EFI" != 1 ] || echo hidden)} in
	1)
		window=$(qemu_window) || return 1
		machine+=(-vga std -display "$window") ;;
	hidden) machine+=(-vga std -display none) ;;
	'' | 0) machine+=(-vga none -display none) ;;
	esac
	if [ -n "${MONITOR:-}" ]; then
		machine+=(-monitor "unix:$MONITOR,server=on,wait=off")
	fi
	if [ -n "${QEMU_ARGS:-}" ]; then
		local more
		read -r -a more <<<"$QEMU_ARGS"
		machine+=("${more[@]}")
	fi
}

# UEFI firmware copies the screen to COM1 until GRUB says that the console starts.
drop_firmware_noise() {
	if [ "$EFI" = 1 ]; then
		sed -u '1,/bulwark: the console starts here/d'
	else
		cat
	fi
}

qemu_boot() {
	qemu_machine || exit 2
	machine+=(-serial chardev:com1 -chardev "file,id=com2,path=$dir/com2" -device "isa-serial,index=1,chardev=com2")
	if [ -z "$CMD" ]; then
		supervise "${machine[@]}" -chardev "stdio,id=com1,mux=on,signal=off,logfile=$dir/com1" -mon chardev=com1
		return
	fi
	supervise "${machine[@]}" -chardev "stdio,id=com1,signal=off,logfile=$dir/com1" > >(drop_firmware_noise)
	status=$?
	# The filter is the last process substitution: its end means that all output is out.
	wait $!
	return "$status"
}
