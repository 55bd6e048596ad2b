#!/bin/bash
# The policy: what the shell and the log say of it, exchanged on four processors, and broken at boot.
# needs: direct
. "$(dirname "$0")/lib.sh"
debug_only

boot '' 'policy && policy -j && policy load etc/policy-broken; policy load etc/policy-strict && policy; root caged 20'
is "$status" 12 'the program that the last policy cages runs as its user, and is refused'
like "$output" '^# etc/policy$' 'policy tells the file'
like "$output" '^  uid 1001$' 'and the rules'
like "$output" '"program": "policy_overwrite", "calls": \["read", ' 'and both as JSON'
like "$errors$output" 'etc/policy-broken:4:14: there is no system call .wrote.' 'a mistake is told with its place'
like "$output" '^# etc/policy-strict$' 'another policy is in force'
like "$(<"$log")" 'bulwark: etc/policy-broken:4:14: there is no system call' 'the log tells the mistake, too'
is "$(grep -c 'caged .*uid 1002) may not call fork' "$log")" 8 'a process gets eight lines in the log'

SMP=2 boot 'vuln=on pmalloc=off' "attack -n $(soak 8 3) policy_redirect"
is "$status" 0 'the word that points to the table is that of the processor which the attack stays on'
like "$output" 'policy_redirect: BREACH' 'and without pools it can be changed'

SMP=4 boot '' 'selftest policy'
is "$status" 0 'policies are exchanged under load on four processors'
pass_through "$output"

boot 'vuln=on' 'selftest identity'
is "$status" 0 'who a process is cannot be had by pointing at somebody else'
pass_through "$output"
boot 'vuln=on cred=plain' 'selftest identity'
is "$status" 0 'but with cred=plain it can'
pass_through "$output"

# Policies that users bring: in force at boot, or loaded.
mkdir -p "$work/extra/etc"
printf 'program init\n\tuid 0\nprogram caged\n\tuid 1007\n\tallow write writev ioctl poll getuid\n' >"$work/extra/etc/policy"
printf 'program caged\r\n' >"$work/extra/dos.policy"
printf 'program init\n\tdeny power_off\n' >"$work/extra/locked.policy"
: >"$work/extra/nothing.policy"
make archive EXTRA="$work/extra" >"$work/make" 2>&1
is $? 0 'EXTRA takes policies, and needs no program with them' || diag "$(tail -n 5 "$work/make")"
ARCHIVE=$(make -s print-archive EXTRA="$work/extra") boot '' \
	'policy; policy load etc/dos.policy; policy load etc/locked.policy; policy load etc/nothing.policy && policy'
like "$output" '^# etc/policy$' 'etc/policy of the folder is in force at boot'
like "$output" '^  uid 1007$' 'with its rules'
like "$errors$output" 'etc/dos.policy:1:14: unexpected byte 0x0d: a line ends with a line feed alone' 'a mistake is told'
like "$errors$output" "etc/locked.policy:2:2: the first process may not be bound by 'deny'" 'init cannot be locked in'
like "$output" '^no rules' 'an empty policy has none'
is "$status" 0 'and is in force'

# An archive whose policy has a mistake in its third line.
mkdir "$work/tree"
tar -xf build/archive.tar -C "$work/tree"
printf 'program caged\nuid 1001\nuid 1002\nallow read\n' >"$work/tree/etc/policy"
cp "$work/tree/etc/policy-strict" "$work/tree/bin/strict"
(cd "$work/tree" && tar --format=ustar -cf ../broken.tar -- *)
ARCHIVE=$work/broken.tar boot '' 'policy; policy load bin/strict; root caged'
like "$(<"$log")" 'bulwark: etc/policy:3:1: the program has already a .uid.' 'a broken policy at boot is told'
like "$(<"$log")" 'no policy in force: programs may make every call' 'and what that means'
like "$output" 'no rules' 'the machine runs without one'
like "$errors$output" 'bin/strict:1:1: policies are the files of etc/ that the boot has read' 'a policy that lies elsewhere is refused'
is "$status" 1 'and no call is refused'

done_testing
