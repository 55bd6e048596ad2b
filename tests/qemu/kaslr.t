#!/bin/bash
# Where the kernel lies, read from outside: drawn anew in every boot with kaslr=on, fixed with kaslr=off, found by
# the debugger, and right at both ends of the range.
# needs: direct test-programs debug
. "$(dirname "$0")/lib.sh"
# One processor: what is looked at, or interrupted, is on that.
export SMP=1
release_only

kernel=build/$BUILD/bulwark.elf
archive=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)
LINK_BASE=ffffffff80000000
layout=0x100000 # physical: what image_start is linked for, and at 48 where it runs

# Address of a symbol, as linked.
linked() {
	echo "0x$(nm "$kernel" | sed -n "s/ [a-zA-Z] $1\$//p")"
}

# Where a symbol lies in physical memory.
loaded() {
	printf '%#x' $(($(linked "$1") - 0x$LINK_BASE + layout))
}

monitor() {
	perl tests/qemu/monitor.pl "$work/monitor" "$@"
}

# word ADDRESS: 8 bytes of the stopped machine's physical memory, as 16 hex digits
word() {
	monitor "xp /1gx $1" | sed -n 's/^[0-9a-f]*: 0x//p'
}

# hold OPTS: boots to a program that waits. Words that the tools refuse are given to the kernel without them.
hold() {
	if tools/lib/check-opts kaslr.t "$1" 2>/dev/null; then
		ARCHIVE=$archive OPTS=$1 CMD=hold LOG=$log MONITOR=$work/monitor TIMEOUT=$(time_left) exec tools/run
	fi
	exec qemu-system-x86_64 -nodefaults -no-reboot -display none -accel tcg -cpu max -m "$MEM" -serial stdio -serial "file:$log" \
		-monitor "unix:$work/monitor,server=on,wait=off" -kernel "build/$BUILD/bulwark.elf" -initrd "$archive" \
		-append "$1 log=com2 cmd=hold" </dev/null
}

# bases OPTS: boots up to user space and sets $image, $map and $kspace
bases() {
	: >"$work/output"
	hold "$1" >"$work/output" 2>"$work/errors" &
	local run=$!
	await "$run" says holding "$work/output"
	monitor stop >/dev/null
	image=$(word $((layout + 48)))
	map=$(word "$(loaded direct_map_base)")
	kspace=$(word "$(loaded kspace_base)")
	monitor quit >/dev/null
	wait "$run" 2>/dev/null
	errors=$(<"$work/errors")
	diag "$1: image $image, direct map $map, kernel space $kspace"
}

for opts in '' 'kaslr=on' 'kaslr=maybe vuln=on'; do
	bases "$opts"
	like "$image" '^ffffffff[89a-f][0-9a-f]{4}000$' "the image is at a page of the last 2 GiB: <$opts>"
	like "$map" '^ffff([89a][0-9a-f]|b[0-9a-d])[0-9a-f]{4}[02468ace]00000$' "the direct map is below kernel space: <$opts>"
	like "$kspace" '^ffffc[0-9a-f]{5}[02468ace]00000$' "kernel space is below the window: <$opts>"
	echo "$image $map $kspace $LINK_BASE ffff888000000000 ffffc00000000000" | tr ' ' '\n' >>"$work/all"
done
is "$(grep -vE "$LINK_BASE|ffff888000000000|ffffc00000000000" "$work/all" | sort | uniq -d)" '' \
	'no two boots share a base'
is "$(grep -cvE "$LINK_BASE|ffff888000000000|ffffc00000000000" "$work/all")" 9 'nor is one of them a fixed one'

for opts in 'kaslr=off' "vuln=on kaslr=off kaslr=on"; do
	bases "$opts"
	is "$image $map $kspace" "$LINK_BASE ffff888000000000 ffffc00000000000" "the fixed bases: <$opts>"
done

claim_port

# placed BASE: boots with the image at BASE, by way of a debugger that stops where the place was chosen
placed() {
	: >"$work/errors"
	GDB=0 GDBPORT=$port OPTS=vuln=on CMD='audit && attack ret2dir_obj' SMP=2 \
		tools/debug >"$work/output" 2>"$work/errors" </dev/null &
	local run=$!
	await "$run" says 'machine waits' "$work/errors"
	gdb -q -nx -batch "$kernel" -ex "set remotetimeout 60" -ex "set architecture i386:x86-64" -ex "target remote 127.0.0.1:$port" \
		-ex "thbreak *$(loaded boot_placed) if *(long *)$layout == 0x$LINK_BASE" -ex continue \
		-ex "set \$rax = $1" -ex detach >"$work/gdb" 2>&1
	wait "$run"
	output=$(tr -d '\r' <"$work/output")
}

image_bytes=$(($(linked image_end) - 0x$LINK_BASE))
for base in "0x$LINK_BASE" $((-0x200000 - image_bytes)) $((0x$LINK_BASE + 0x40000000 - 0x8000)) $((0x$LINK_BASE + 0x1ff000)); do
	printf -v at '%#x' "$base"
	placed "$at"
	like "$output" 'violations +0 ' "the kernel runs at $at, and its audit finds nothing"
	like "$output" 'ret2dir_obj: FAULT' "faults are explained there: $at"
	like "$output" 'at +vuln_call_through\+0' "with the names of the kernel's functions: $at"
	like "$output" "rip $(printf '%#x' $((base + $(linked vuln_call_through) - 0x$LINK_BASE)))" "and it was there: $at"
done

for opts in 'kaslr=on' 'kaslr=off'; do
	boot "vuln=on ktest=on $opts" 'selftest pointer && selftest fault && audit'
	is "$status" 0 "addresses of the kernel are refused: $opts"
done
for knobs in 'MEM=64M' 'MEM=8G SMP=4' 'CPU=qemu64'; do
	output=$(env $knobs OPTS='vuln=on kaslr=on' CMD='audit' LOG="$log" TIMEOUT="$(time_left)" tools/run 2>"$work/errors" | tr -d '\r')
	like "$output" 'violations +0 ' "boots with drawn bases, and the audit finds nothing: $knobs" || after_failure
done

done_testing
