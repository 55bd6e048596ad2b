# Sourced by tools/run and tools/debug: the machine that the knobs ask for. What cannot be is refused before it starts.
. tools/lib/knobs.sh
. tools/lib/image.sh

# MiB of memory that the kernel and its first programs take, beside the archive; and what UEFI firmware takes more.
readonly MEMORY_LEAST=12
readonly MEMORY_FIRMWARE=48

# one_of NAME WORD...: the knob of that name is one of the words
one_of() {
	local name=$1 word
	shift
	for word; do
		[ "${!name}" != "$word" ] || return 0
	done
	refuse "$name=${!name}: must be $(printf '%s, ' "${@:1:$#-1}" | sed 's/, $//') or ${*: -1}"
}

number_of() {
	[[ ${!1} =~ ^[1-9][0-9]{0,8}$ ]] || refuse "$1=${!1}: must be a number of $2, from 1 on"
}

memory_mib() {
	case $MEM in
	*G) echo $((${MEM%G} * 1024)) ;;
	*M) echo "${MEM%M}" ;;
	esac
}

# With less the loader, or the firmware, hangs before the kernel could say so.
memory_check() {
	local archive=0 least
	[[ $MEM =~ ^[1-9][0-9]{0,6}[MG]$ ]] || refuse "MEM=$MEM: must be a size such as 512M or 2G"
	[ ! -f "$ARCHIVE" ] || archive=$((($(stat -c %s "$ARCHIVE") + 1048575) / 1048576))
	least=$((MEMORY_LEAST + archive + (EFI == 1 ? MEMORY_FIRMWARE : 0)))
	[ "$(memory_mib)" -ge "$least" ] \
		|| refuse "MEM=$MEM: must be at least ${least}M: $archive MiB for the boot archive, the rest for kernel and programs$(
			[ "$EFI" != 1 ] || echo ", $MEMORY_FIRMWARE MiB for UEFI firmware")"
}

bochs_check() {
	local name
	for name in MONITOR ICOUNT QEMU_ARGS; do
		[ -z "${!name:-}" ] || refuse "$name=${!name}: needs EMU=qemu"
	done
	[ "$MACHINE" = pc ] || refuse "MACHINE=$MACHINE: needs EMU=qemu"
	[ "$EFI" = 0 ] || refuse "EFI=$EFI: needs EMU=qemu"
	[ "${VGA:-0}" = 0 ] || refuse "VGA=$VGA: needs EMU=qemu"
	[ "$ACCEL" != kvm ] || refuse 'ACCEL=kvm: needs EMU=qemu'
}

# /dev/kvm alone proves nothing: the processor must have the extensions.
kvm_check() {
	grep -qwE 'vmx|svm' /proc/cpuinfo || refuse 'ACCEL=kvm: this processor has neither VT-x nor SVM'
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || refuse 'ACCEL=kvm: /dev/kvm is not there, or not for you to open'
	[ -z "$ICOUNT" ] || refuse "ICOUNT=$ICOUNT: needs ACCEL=tcg"
}

# The defaults of what is not given, then whether it can be.
machine_check() {
	: "${EMU:=qemu}" "${BOOT:=iso}" "${MACHINE:=pc}" "${SMP:=2}" "${MEM:=512M}" "${ACCEL:=auto}" "${EFI:=0}" "${VGA:=}" "${ICOUNT:=}"
	: "${OPTS=vuln=on}" "${CMD:=}"
	one_of EMU qemu bochs
	one_of BOOT iso direct
	one_of ACCEL auto tcg kvm
	one_of EFI 0 1
	[ -z "$VGA" ] || one_of VGA 0 1 hidden
	[[ $MACHINE =~ ^(pc|q35|microvm)(,[a-z0-9.,=_-]*)?$ ]] || refuse "MACHINE=$MACHINE: must be pc, q35 or microvm"
	number_of SMP processors
	[ -z "$ICOUNT" ] || [[ $ICOUNT =~ ^([0-9]|10)$ ]] || refuse "ICOUNT=$ICOUNT: must be a number from 0 to 10"
	[ "$ACCEL" != kvm ] || [ "$EMU" != qemu ] || kvm_check
	[ "$EMU" != bochs ] || bochs_check
	memory_check
	knobs_check OPTS "$OPTS" "$KNOBS_OPTS_MAX" && knobs_check CMD "$CMD" "$KNOBS_CMD_MAX" || exit 2
	tools/lib/check-opts "$TOOL" "$OPTS" || exit 2
}
