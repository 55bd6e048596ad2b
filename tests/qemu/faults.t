#!/bin/bash
# Explained faults: the report of every attack that ends in one, its twin for programs, and `why`. Of two machines one in each
# run, in turn; in `make soak` both.
# needs: direct
. "$(dirname "$0")/lib.sh"
. tests/rows.sh
# Little: an attack fills it, and each is followed by an audit of all of it.
MEM=96M
debug_only

# check_attacks OPTS: every attack; the reports are held against their JSON and the kernel's log
check_attacks() {
	SMP=2 boot "vuln=on $1" 'attack -j all'
	is "$status" 0 "every attack ends as expected: ${1:-defaults}"
	printf '%s\n' "$output" >"$work/attacks"
	for name in "${rows[@]}"; do
		grep -q "\"attack\": *\"$name\"" "$work/attacks"
		ok $? "$name was run: ${1:-defaults}"
	done
	pass_through "$(perl tests/qemu/faults.pl attacks "$work/attacks" "$log" 2>&1)"
}

read_rows attacks name
mapfile -t machines < <(rotate 2 '' 'xpfo=sync kaiser=off')
for opts in "${machines[@]}"; do
	check_attacks "$opts"
done

# Three times: what lies where the registers are not may by luck be an address, and then another defence is named.
boot 'vuln=on' 'attack regs_rop; attack regs_rop; attack regs_rop; attack descriptor_leak'
like "$output" '^  defence +kstack: kstack=random put this call.s registers elsewhere' 'a miss of the saved registers is explained by kstack'
unlike "$output" 'to see it succeed: .*descriptor_leak' 'what no option lets through has no hint'

# What lies where with kaslr=off; RE is looked for in the text.
kinds=(
	'0x0' 'a null pointer'
	'0x400000' 'object       memory of the process'
	'0x7ffffffff000' 'the process has no memory there'
	'0x800000000000' 'non-canonical address'
	'0xffff800000000000' 'unused kernel address'
	'0xffff888000000000' 'frame        0x0, owner RESERVED'
	'0xffff888000100000' 'policy       IMAGE_'
	'0xffff888004000000' 'policy       FREE_REVEALED'
	'0xffffc00000000000' 'guard page'
	'0xffffd00000000000' 'XPFO: the window is in its CPU'
	'0xffffd80000000000' 'between pools|pools'
	'0xffffd80000001000' 'policy       POOL_SEALED'
	'0xffffe00000000000' 'interrupt descriptor table 0'
	'0xffffe00000101000' 'object       of CPU 0'
	'vuln_call_through' 'object       vuln_call_through\+0'
	'vuln_call_through+0x3' 'object       vuln_call_through\+0x3'
	'18446744073709551615' 'address      0xffffffffffffffff'
)
command=
for ((i = 0; i < ${#kinds[@]}; i += 2)); do
	command+="why ${kinds[i]}; why -j ${kinds[i]}; "
done
boot 'vuln=on kaslr=off' "$command"
is "$status" 0 'why explains each kind of address'
for ((i = 0; i < ${#kinds[@]}; i += 2)); do
	like "$output" "${kinds[i + 1]}" "why ${kinds[i]} says what lies there"
done
grep -v '^{' <<<"$output" >"$work/text"
grep '^{' <<<"$output" >"$work/json"
pass_through "$(perl tests/qemu/faults.pl why "$work/text" "$work/json" 2>&1)"
like "$output" 'user   read    no, KAISER: page fault: the shadow root does not map it' \
	'kernel text is not even mapped for user mode'
like "$output" 'user   read    no, U/S' 'and what is, is the kernel'"'"'s alone'

boot 'kaiser=off kaslr=off' 'why vuln_call_through'
like "$output" 'user   read    no, U/S: page fault' 'without KAISER kernel text is mapped for user mode, with U/S=0'
like "$output" 'shadow root  none: KAISER is off' 'and there is no shadow root'

boot '' 'why; why zz; why 12x; why 0xg; why 0x10000000000000000; why 0 0; why 0 x; why 0 77; why 0 1 2; why main+0; why -j'
for message in 'usage: why \[-j\] ADDRESS \[PID\]' '`zz` is no address' '`12x` is no address' '`0xg` is no address' \
	'`0x10000000000000000` has more than 64 bits' '`0` is no pid' '`x` is no pid' 'no process has pid 77'; do
	like "$output$errors" "$message" "bad input is named: $message"
done
is "$(grep -c 'usage: why' <<<"$output$errors")" 3 'no address, three words, and no address behind -j: the usage'

done_testing
