# Sourced by tools/run and tools/debug, after knobs.sh: what is booted, and by which firmware. BOOT=iso: $ISO. BOOT=direct: $KERNEL, $ARCHIVE.

# find_file WHAT FILE...: prints the first that there is; distributions keep them in different places
find_file() {
	local what=$1 file
	shift
	for file in "$@"; do
		[ ! -f "$file" ] || { echo "$file"; return; }
	done
	complain "$what is missing; looked for $*"
	return 1
}

# image_prepare COPY: makes ready what is booted; for BOOT=iso a copy of the ISO with OPTS and CMD in it
image_prepare() {
	[ "$BOOT" = iso ] || return 0
	cp --reflink=auto "$ISO" "$1" && chmod u+w "$1" && knobs_patch "$1" "$OPTS" "$CMD"
}

# image_check: the files that BOOT needs, and what does not go with it
image_check() {
	local file files=("$ISO")
	if [ "$BOOT" = direct ]; then
		files=("$KERNEL" "$ARCHIVE")
		[ "$EFI" = 0 ] || refuse 'EFI=1 needs BOOT=iso: a direct boot has no UEFI firmware'
		[ "$EMU" = qemu ] || refuse 'BOOT=direct needs EMU=qemu: Bochs boots from the ISO alone'
	elif [[ $MACHINE == microvm* ]]; then
		refuse "MACHINE=$MACHINE needs BOOT=direct: a microvm has no CD-ROM"
	fi
	for file in "${files[@]}"; do
		[ -f "$file" ] || refuse "$file does not exist; \`make iso BUILD=$BUILD\` builds it"
	done
}
