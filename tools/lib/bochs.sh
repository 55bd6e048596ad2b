# Sourced by tools/run. Bochs: bochs_boot runs the machine in $dir; 2 when a knob is bad.

bochs_memory_mib() {
	case $MEM in
	*G) echo $((${MEM%G} * 1024)) ;;
	*M) echo "${MEM%M}" ;;
	esac
}

# bochs_configuration COM1: the text of the configuration; COM1 is the mode and device of the console.
# No VBE: the display on a terminal knows text modes only.
bochs_configuration() {
	local com2='' mib bios vga_bios
	mib=$(bochs_memory_mib)
	bios=$(find_file "Bochs's BIOS" /usr/share/bochs/BIOS-bochs-latest) || return 1
	vga_bios=$(find_file 'a VGA BIOS' /usr/share/vgabios/vgabios.bin /usr/share/bochs/VGABIOS-lgpl-latest) || return 1
	[ -z "$CMD" ] || com2="com2: enabled=1, mode=file, dev=$dir/com2"
	cat <<END
plugin_ctrl: unmapped=1
config_interface: textconfig
display_library: term
cpu: model=${CPU:-corei7_icelake_u}, count=$SMP, ips=50000000, reset_on_triple_fault=0, ignore_bad_msrs=0
memory: guest=$mib, host=$((mib < 512 ? mib : 512))
romimage: file=$bios, options=fastboot
vgaromimage: file=$vga_bios
vga: extension=none, update_freq=1
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=$dir/iso, status=inserted
boot: cdrom
com1: enabled=1, $1
$com2
port_e9_hack: enabled=1
magic_break: enabled=1
sound: driver=dummy
speaker: enabled=0
mouse: enabled=0
clock: sync=none, time0=utc
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
log: $dir/bochs.log
debugger_log: /dev/null
END
}

bochs_boot() {
	local console="mode=file, dev=$dir/com1"
	if [ -n "${MONITOR:-}${ICOUNT:-}" ] || [ "${EFI:-0}${VGA:-0}$MACHINE" != 00pc ]; then
		echo "run: MONITOR, ICOUNT, EFI, VGA and MACHINE need EMU=qemu" >&2
		return 2
	fi
	if [ -z "$CMD" ]; then
		if ! tty <&"$input" >/dev/null; then
			echo "run: Bochs needs a terminal for its console; without one give CMD" >&2
			return 2
		fi
		console="mode=term, dev=$(tty <&"$input")"
		echo "run: Bochs boots in some five seconds; Ctrl-C ends it" >&2
	fi
	bochs_configuration "$console" >"$dir/bochsrc" || return 2
	printf 'c\nq\n' >"$dir/bochs.commands"
	# Its "screen" is drawn on stdout: not ours. The debugger's commands come from the file alone.
	TERM=linux supervise bochs -q -f "$dir/bochsrc" -rc "$dir/bochs.commands" >"$dir/screen" 2>&1
	local status=$?
	[ -z "$CMD" ] || cat "$dir/com1" 2>/dev/null
	if [ -s "$dir/bochs.log" ]; then
		grep '>>PANIC<<' "$dir/bochs.log" | grep -v 'soft power off' >&2
	else
		tail -n 5 "$dir/screen" >&2
	fi
	# Bochs ends with 1 on every power-off: only the time limit tells something.
	[ "$status" = 124 ] && return 124
	return 0
}
