# Sourced by tools/run and tools/debug, after knobs.sh: what is booted, and by which firmware. BOOT=iso: $ISO. BOOT=direct: $KERNEL, $ARCHIVE.

# find_file WHAT FILE...: prints the first that there is; distributions keep them in different places
find_file() {
	local what=$1 file
	shift
	for file in "$@"; do
		[ ! -f "$file" ] || { echo "$file"; return; }
	done
	echo "run: $what is missing; looked for $*" >&2
	return 1
}

# image_prepare COPY: makes ready what is booted; for BOOT=iso a copy of the ISO with OPTS and CMD in it
image_prepare() {
	[ "$BOOT" = iso ] || return 0
	cp --reflink=auto "$ISO" "$1" && chmod u+w "$1" && knobs_patch "$1" "$OPTS" "$CMD"
}

# image_check TOOL: BOOT, and the files that it needs
image_check() {
	local file files=("$ISO")
	case $BOOT in
	iso) ;;
	direct)
		files=("$KERNEL" "$ARCHIVE")
		if [ "${EFI:-0}" = 1 ]; then
			echo "$1: EFI=1 needs BOOT=iso: a direct boot has no UEFI firmware" >&2
			return 1
		elif [ "${EMU:-qemu}" != qemu ]; then
			echo "$1: BOOT=direct needs EMU=qemu: Bochs boots from the ISO alone" >&2
			return 1
		fi ;;
	*)
		echo "$1: BOOT=$BOOT: must be iso or direct" >&2
		return 1 ;;
	esac
	for file in "${files[@]}"; do
		if [ ! -f "$file" ]; then
			echo "$1: $file does not exist; \`make iso BUILD=$BUILD\` builds it" >&2
			return 1
		fi
	done
	if [ "$BOOT" = iso ] && [[ ${MACHINE:-pc} == microvm* ]]; then
		echo "$1: MACHINE=$MACHINE needs BOOT=direct: a microvm has no CD-ROM" >&2
		return 1
	fi
}
