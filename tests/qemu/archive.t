#!/bin/bash
# A boot archive that is empty, cut off or no archive at all is refused with a message that says so.
# needs: iso
. "$(dirname "$0")/lib.sh"
release_only

# with_archive FILE NAME: boots with FILE in the place of the archive, by either loader
with_archive() {
	tools/make-iso "$work/iso" "build/$BUILD/bulwark.elf" "$1"
	BOOT=iso ISO=$work/iso refuses "$1" "$2"
	# QEMU takes no empty file
	[ ! -s "$1" ] || ARCHIVE=$1 refuses "$1" "$2, booted directly"
}

refuses() {
	boot '' 'echo it lives'
	unlike "$output" 'it lives' "$2: nothing is run"
	unlike "$status" '^(0|125)$' "$2: the machine ends in an orderly way"
	like "$(<"$log")" 'archive|module|/bin/init' "$2: the message names what is wrong"
	unlike "$(<"$log")" 'assert|page fault|exception' "$2: it is no crash"
}

archive=build/archive.tar
size=$(stat -c %s "$archive")

: >"$work/empty"
with_archive "$work/empty" 'an empty file'
head -c $((size / 3 + 77)) "$archive" >"$work/cut"
with_archive "$work/cut" 'a file cut off in the middle'
head -c 300 "$archive" >"$work/header"
with_archive "$work/header" 'half a header'
head -c 10240 /dev/zero >"$work/zeroes"
with_archive "$work/zeroes" 'an archive without files'
head -c 10240 /dev/urandom >"$work/noise"
with_archive "$work/noise" 'random bytes'

done_testing
