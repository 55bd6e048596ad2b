#!/bin/bash
# What was asked for runs, or the status says that it did not: wrong requests, each with the reason that it is refused with, and
# failures, each told as what it is.
# needs: iso
. "$(dirname "$0")/lib.sh"
. tests/rows.sh
release_only
unset MEM

# asked STATUS REGEX COMMAND...: it ends so, and says so, without raw words of what it is made of
asked() {
	local wanted=$1 regex=$2
	shift 2
	last_boot="$*"
	output=$(TIMEOUT=$(time_left) timeout "$(time_left)" "$@" 2>&1 </dev/null | tr -d '\r'; exit "${PIPESTATUS[0]}")
	status=$?
	is "$status" "$wanted" "ends with $wanted: $*" || diag "$output"
	like "$output" "$regex" "and says why: $regex"
	unlike "$output" '^(grep|tail|cat|dd|cp|mv|sed|perl): |: line [0-9]+: | at \S+ line [0-9]+\.' 'in words of its own'
}

# refused REGEX COMMAND...
refused() { asked 2 "$@"; }

run() {
	local regex=$1
	shift
	refused "$regex" env CMD=true "$@" tools/run
}

# --- boot options, whoever boots ---

run "xpfo=offf: xpfo has no such value; did you mean off\? There are: off v1 v6" OPTS='xpfo=offf'
run 'xfpo=off: there is no such boot option; did you mean xpfo\?' OPTS='xfpo=off'
run 'sheep=1: there is no such boot option' OPTS='sheep=1'
run 'smep: it needs =VALUE, one of on off' OPTS='smep'
run 'xpfo is given twice' OPTS='xpfo=off xpfo=sync'
run "give CMD=" OPTS='cmd=true'
refused 'debug: OPTS: xfpo=off: .*did you mean xpfo' env OPTS=xfpo=off ATTACK=ret2dir_obj BUILD=release tools/debug
refused 'OPTS: xpfo=offf: ' env OPTS=xpfo=offf BOOT=direct tools/screenshot

# --- knobs ---

run 'EFI=2: must be 0 or 1' EFI=2 BOOT=iso
run 'VGA=yes: must be 0, 1 or hidden' VGA=yes
run 'BOOT=grub: must be iso or direct' BOOT=grub
run 'EMU=vax: must be qemu or bochs' EMU=vax
run 'ACCEL=hax: must be auto, tcg or kvm' ACCEL=hax
run 'ICOUNT=x: must be a number from 0 to 10' ICOUNT=x
run 'ICOUNT=99: must be a number from 0 to 10' ICOUNT=99
run 'SMP=none: must be a number of processors' SMP=none
run 'SMP=0: must be a number of processors, from 1 on' SMP=0
run 'MEM=12: must be a size such as' MEM=12
run 'MEM=1M: must be at least [0-9]+M: .* for the boot archive' MEM=1M
run 'MEM=100000G: must be at most [0-9]+G: .* a 128th' MEM=100000G
run 'MEM=32M: must be at least [0-9]+M: .*UEFI' MEM=32M EFI=1 BOOT=iso
run 'TIMEOUT=soon: must be a number of seconds' TIMEOUT=soon
none=0
run 'TIMEOUT=.: must be a number of seconds, from 1 on' TIMEOUT=$none
run 'MACHINE=vax: must be pc' MACHINE=vax
run 'run: /proc/none/log cannot be written: No such file' LOG=/proc/none/log
run 'build cannot be written: it is a folder' LOG=build
run 'ICOUNT=3: needs EMU=qemu' EMU=bochs BOOT=iso ICOUNT=3
run 'MACHINE=q35: needs EMU=qemu' EMU=bochs BOOT=iso MACHINE=q35
refused 'Bochs needs a terminal' env EMU=bochs BOOT=iso tools/run
refused 'GDB=2: must be 0 or 1' env GDB=2 BUILD=release tools/debug
refused 'GDBPORT=x: must be a number' env GDBPORT=x BUILD=release tools/debug
refused 'EMU=bochs: only QEMU' env EMU=bochs tools/debug
refused 'SMP=x: must be a number' env SMP=x ATTACK=ret2dir_obj BUILD=release tools/debug
refused 'ATTACK=ret2dir_ob: there is no such attack; did you mean ret2dir_obj' env ATTACK=ret2dir_ob BUILD=release tools/debug
refused 'TIMEOUT=x: must be a number' env TIMEOUT=x tools/screenshot

# --- what stands on make's command line ---

refused "XPFO=off: there is no such knob; did you mean the boot option OPTS='xpfo=off'" make run XPFO=off
refused "xpfo=off: there is no such knob; did you mean the boot option" make run xpfo=off CMD=true
refused 'CMDS=true: there is no such knob; did you mean CMD\?' make run CMDS=true
refused 'WALRUS=1: there is no such knob\. .make help. explains them: ACCEL ATTACK' make WALRUS=1
refused 'OPTS=xpfo=off: .make matrix. does not take it; .make run.' make matrix OPTS=xpfo=off
refused 'CPU=qemu64: .make bench-cost. does not take it' make bench-cost CPU=qemu64
refused 'CMD=x: .make iso. does not take it' make iso CMD=x
refused 'TIMEOUT=x: .make debug. does not take it; .make run.' make debug TIMEOUT=x
refused 'LOG=x: .make debug. does not take it' make debug LOG=x
refused 'VGA=1: .make screenshot. does not take it' make screenshot VGA=1
refused 'MONITOR=x: .make screenshot. does not take it' make screenshot MONITOR=x
refused 'CMD=x: for which command. .make run.' make CMD=x
refused 'JOBS=x: must be a number of tests, from 1 on' make test JOBS=x T=host/smoke
refused 'OPTS=smep=off: .make test. does not take it' make test OPTS=smep=off
refused 'EFI=2: must be one of 0 1' make run EFI=2
refused 'DEPS=no: must be one of 1 0' make iso DEPS=no
refused 'QUICK=yes: must be one of 0 1' make bench QUICK=yes
refused 'MATRIX_BOCHS=no: must be one of 1 0' make matrix MATRIX_BOCHS=no
refused 'MACHINE=q36,pic=off: must be one of pc q35 microvm; did you mean' make run MACHINE=q36,pic=off
refused 'OPTS: xpfo=offf: ' make run OPTS=xpfo=offf CMD=true DEPS=0
asked 0 '^it.s  "b" \$HOME #1$' make run BOOT=direct CMD='echo "it'\''s  \"b\" \$HOME #1"' DEPS=0
asked 0 'build/release/bulwark.iso' env SHEEP=1 OPTS=sheep make iso DEPS=0

# --- the emulator does not start: its own words, and that ---

run 'Invalid SMP CPUs 999.*' SMP=999
like "$output" 'run: qemu did not start' 'and that it is the emulator'
unlike "$output" 'triple fault' 'no guest is blamed'
run "unable to find CPU model 'nonsense'" CPU=nonsense
run "Property '.*foo' not found" MACHINE=pc,foo=1
run 'Failed to bind socket' MONITOR=/proc/none/socket
grep -qwE 'vmx|svm' /proc/cpuinfo || run 'ACCEL=kvm: this processor has neither' ACCEL=kvm
if command -v bochs >/dev/null; then
	run 'cpu directive malformed' EMU=bochs BOOT=iso CPU=nonsense
	like "$output" 'run: bochs did not start' 'and that it is the emulator'
	limit=5
	asked 124 'stopped after 5 seconds \(TIMEOUT\)' env EMU=bochs BOOT=iso TIMEOUT=$limit CMD='stress 60' tools/run
fi
refused 'QEMU did not start' env CPU=nonsense BUILD=release tools/debug
refused 'qemu did not start' env SMP=999 BOOT=direct tools/screenshot

# --- machines that cannot run the kernel end at once, with the reason ---

for boot in direct iso; do
	for cpu in qemu32 pentium3; do
		asked 124 '^bulwark: this processor has no 64-bit mode' env BOOT=$boot CPU=$cpu CMD=true tools/run
		unlike "$output" 'stopped after' 'at once'
	done
	asked 124 '^bulwark: this processor has no 64-bit mode' env BOOT=$boot CPU=qemu32 tools/run
done

# --- what the machine cannot give ---

asked 0 'run: smep=on is not in force, but smep=off: this processor does not have it' env CPU=qemu64 OPTS='smep=on' CMD=true tools/run
asked 0 'run: kaiser=pcid is not in force, but kaiser=nopcid: this processor has no PCIDs' env OPTS='kaiser=pcid' CMD=true tools/run
asked 0 'run: kaiser=pcid is not in force' env OPTS='kaiser=pcid' tools/run
asked 0 'run: smap=on is not in force' env CPU=qemu64 OPTS='smap=on' BOOT=direct CMD='echo x' PNG="$work/x.png" tools/screenshot
boot '' 'true'
unlike "$errors" 'in force' 'a default that the machine cannot give is told in the log alone'
like "$(<"$log")" '^bulwark: kaiser=nopcid: ' 'where it stands'

# A kernel that is not of this tree: what it refuses is told, and the status with it.
mkdir "$work/tree"
cp -r --parents tools kernel/abi "$work/tree"
mkdir "$work/tree/build"
echo 'OPTION(sheep, on, "on|off", "", "")' >>"$work/tree/kernel/abi/options.def"
asked 2 "boot option 'sheep=off' refused: there is no such option" env KERNEL="$PWD/build/release/bulwark.elf" \
	ARCHIVE="$PWD/build/archive.tar" OPTS=sheep=off CMD=true "$work/tree/tools/run"
like "$output" 'run: the kernel refused some of OPTS' 'and what to think of it'
asked 0 '^bulwark: boot option .a. refused: said by a program$' env CMD="echo \"bulwark: boot option 'a' refused: said by a program\"" \
	OPTS=log=console tools/run

# --- attacks by name and pattern ---

# attack STATUS REGEX COMMAND
attack() { asked "$1" "$2" env SMP=1 OPTS=vuln=on CMD="$3" tools/run; }
attack 2 'attack: no attack fits .ret2dir_ob.; did you mean ret2dir_obj' 'attack all ret2dir_ob'
attack 2 'attack: no attack fits .sheep_\*. .attack. lists' "attack all 'ret2dir_*' 'sheep_*'"
unlike "$output" 'FAULT' 'and none of the others is run'
attack 2 'attack: no attack fits .xpfo_sync.' 'attack -j all xpfo_sync'
attack 2 'attack: no attack or program .ret2dir_obk.; did you mean ret2dir_obj' 'attack ret2dir_obk'
attack 0 '^2 attacks, 2 as expected, 0 not, 1 skipped: xpfo_parked$' 'attack all xpfo_parked ret2dir_obj'

# --- the command's status arrives ---

asked 127 'screenshot: the command ended with 127' env CMD=nosuchcmd BOOT=direct PNG="$work/x.png" tools/screenshot
[ -s "$work/x.png" ]
ok $? 'and there is a picture of it'

# --- the end of the input ends the shell ---

asked 0 'bulwark# ' env tools/run
asked 1 '^hi$' bash -c 'printf "echo hi; false\n" | tools/run'
asked 7 'exit status 7' bash -c 'printf "exit 7" | tools/run'
asked 0 'bulwark# ' bash -c 'tools/run <&-'

# --- every tool has a --help, and refuses what it does not know ---

tools=()
for tool in tools/*; do
	[ -f "$tool" ] || continue
	tools+=("$tool")
	asked 0 '^[Uu]sage: ' "$tool" --help
	refused '.' "$tool" --nosuch
done
seen tools "${tools[@]}"

done_testing
