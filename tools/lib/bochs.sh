# Sourced by tools/run. Bochs: bochs_boot runs the machine in $dir; its status is the emulator's.

# bochs_configuration COM1: the text of the configuration; COM1 is the mode and device of the console.
# No VBE: the display on a terminal knows text modes only.
bochs_configuration() {
	local mib bios vga_bios
	mib=$(memory_mib)
	bios=$(find_file "Bochs's BIOS" /usr/share/bochs/BIOS-bochs-latest) || return 1
	vga_bios=$(find_file 'a VGA BIOS' /usr/share/vgabios/vgabios.bin /usr/share/bochs/VGABIOS-lgpl-latest) || return 1
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
com2: enabled=1, mode=file, dev=$dir/com2
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
	if [ -z "$CMD" ]; then
		if ! tty <&"$input" >/dev/null; then
			refuse 'Bochs needs a terminal for its console; without one give CMD'
		fi
		console="mode=term, dev=$(tty <&"$input")"
		echo 'run: Bochs boots in some five seconds; Ctrl-C ends it' >&2
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
		grep -a '>>PANIC<<\|^[0-9]*e\[ *\]' "$dir/screen" >&2 || tail -n 5 "$dir/screen" >&2
	fi
	# It ends with 1 on every power-off, too.
	return "$status"
}
