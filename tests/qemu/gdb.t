#!/bin/bash
# The commands for gdb (tools/gdb/bulwark), each on a running guest and held against what the guest itself says; guided
# walks through attacks; what .vscode does, in gdb's machine interface.
# needs: direct debug
. "$(dirname "$0")/lib.sh"
claim_port
console=$work/console

# session KNOB=VALUE...: `make debug` with those knobs, and gdb's commands from stdin. $said: what gdb printed.
session() {
	last_boot=$*
	rm -f "$console"
	said=$(env "$@" CONSOLE="$console" GDBPORT=$port tools/debug 2>&1)
	touch "$console"
	errors=$(tail -n 30 "$console")
	unlike "$said" 'Traceback|Python Exception' "no command ends in a Python traceback ($*)"
}

# walk NR_STOPS KNOB=VALUE...: an attack's guided walk to its end
walk() {
	local nr=$1
	shift
	session "$@" < <(for ((i = 1; i < nr; i++)); do echo bw-next; done; echo bw-next; echo continue)
}

# --- the helpers, and then the walk, in one boot: XPFO is on ---

sh_ptdump=0x$(nm build/user/sh | sed -n 's/^0*\([0-9a-f]*\) T cmd_ptdump$/\1/p')
session SMP=2 OPTS='vuln=on log=com2' CMD='options -j; mem -j; ptdump -j diff 1; ptdump -j kernel 1; attack ret2dir_obj' <<END
bw-tasks
bw-pools
bw-frame 1
bw-start
hbreak *$sh_ptdump
continue
delete
echo @user_mode\n
bw-pt -j kernel_main
echo @user_mode_rip\n
bw-pt -j \$rip
echo @user_mode_kernel_rip\n
bw-pt -j \$rip kernel
hbreak sys_ptdump
continue
delete
echo @options\n
bw-options -j
echo @tasks\n
bw-tasks -j
echo @tlb\n
bw-tlb -j
printf "@cr3 %#lx\n", \$cr3
printf "@newest %lu\n", ktlb_newest.value
printf "@credential %lu\n", sizeof(struct credential)
echo @diff\n
bw-diff -j 1
echo @pools\n
bw-pools -j
bw-help
complete bw-pt kernel_mai
complete bw-pt \$rip sha
complete bw-diff 
complete bw-attack ret2dir_o
help bw-frame
bw-pt nosuchsymbol
bw-pt
bw-diff 4711
bw-frame 0xfffffff
bw-frame -1
bw-frame nonsense
bw-pools nosuchpool
bw-options 3
bw-next
bw-attack ret2dir_obj
echo @object\n
bw-pt -j \$object
echo @object_shadow\n
bw-pt -j \$object shadow
echo @frame\n
bw-frame -j \$frame
bw-next
bw-next
bw-next
bw-next
continue
bw-tasks
END
pass_through "$(perl tests/qemu/gdb.pl <(echo "$said") "$console")"
like "$said" '^(\(gdb\) )?no process yet' 'before there are processes bw-tasks says so'
like "$said" 'there are no pools yet' 'before there are pools bw-pools says so'
like "$said" 'there is no frame table yet' 'before there is a frame table bw-frame says so'
like "$said" 'the kernel runs already' 'bw-start on a kernel that runs is refused'
like "$said" '^  bw-tlb \[-j\] ' 'bw-help lists the commands'
like "$said" 'bw-pt kernel_main$' 'symbols are completed'
like "$said" 'bw-pt \$rip shadow$' 'the roots are completed'
like "$said" 'bw-diff 1$' 'process numbers are completed'
like "$said" 'bw-attack ret2dir_obj$' 'attacks are completed'
like "$said" 'PFN is a frame number' 'help explains a command'
like "$said" '`nosuchsymbol. is no address: No symbol "nosuchsymbol"' 'a symbol that does not exist is named'
like "$said" 'usage: bw-pt \[-j\] ADDR' 'without an address bw-pt says how to call it'
like "$said" 'there is no process 4711; there are: init \(pid 1\), sh' 'a process that does not exist is named'
like "$said" 'frame 0xfffffff is not in the frame table' 'a frame that does not exist is named'
like "$said" '`-1. is no frame number: it is negative' 'a negative frame number is refused'
like "$said" '`nonsense. is no frame number: No symbol' 'a frame that is no number is named'
like "$said" 'no pool is called `nosuchpool.; there are: options, ' 'a pool that does not exist is named'
like "$said" 'usage: bw-options' 'words that a command does not want are refused'
like "$said" 'there is no walk: `make debug ATTACK' 'bw-next without a walk says how to begin one'
like "$said" 'stop 1 of 4: ret2dir_obj .*uid 1000.* has called vuln_call\(0xffff' 'the walk begins at the vulnerable call'
like "$said" 'kernel root +absent at level 1: XPFO' 'stop 1 says that the kernel lacks the object because of XPFO'
like "$said" 'in force +xpfo=epoch; it is stopped by xpfo!=off' 'and what decides about the attack'
like "$said" 'stop 2 of 4: vuln_call_through\(0xffff' 'stop 2 is where the kernel uses the object'
like "$said" 'at +mov +rax,QWORD PTR \[rdi\]' 'at the instruction that does it'
like "$said" 'stop 3 of 4: a fault in the kernel' 'stop 3 is the fault'
like "$said" 'defence +XPFO' 'with the reason that the kernel gives'
like "$said" 'stop 4 of 4: ret2dir_obj .* ends: kernel fault' 'stop 4 is the end of the process'
like "$said" 'uid +1000 at first, 1000 in the end' 'whose uid did not change'
like "$said" 'the walk is over; `continue`' 'bw-next after the last stop says so'
like "$said" 'there is no machine' 'a command without a machine says so'
like "$(<"$console")" 'ret2dir_obj: FAULT \(expected FAULT\)' 'the guest goes on undisturbed to its own verdict'

# --- walks with the defence off, and of other families ---

if [ "$BUILD" = release ]; then
	walk 4 ATTACK=ret2dir_obj OPTS=xpfo=off
	like "$said" 'stop 1 of 4: .*vuln_call' 'make debug ATTACK= begins a walk, and offers the vulnerable calls by itself'
	like "$said" 'kernel root +RW NX S: the kernel may read and write it' 'with xpfo=off the kernel has the object'
	like "$said" 'stop 3 of 4: the kernel runs credentials_set\(0xffff[0-9a-f]*, 0\)' 'stop 3 is what the attacker wanted to run'
	like "$said" 'stop 4 of 4: .* ends: exit' 'stop 4 is the end'
	like "$said" 'uid +1000 at first, 0 in the end' 'where it is root'
	like "$said" 'ret2dir_obj: BREACH \(expected BREACH\)' "the guest's verdict is shown at the end"

	walk 4 ATTACK=seal_alias OPTS=pmalloc=plain
	like "$said" 'stop 1 of 4: seal_alias .*vuln_write\(' 'the walk of an attack on sealed memory begins at its store'
	like "$said" 'stop 3 of 4: the call came back: 0x0' 'the store is made where nothing stops it'
	like "$said" 'It got through: it changed sealed memory' 'and the end says what it changed'

	walk 4 ATTACK=meltdown_model OPTS=kaiser=off
	like "$said" 'shadow root +not in use: KAISER is off' 'a root that is not in use is called that'
	like "$said" 'stop 3 of 4: .* proves that it knows the flag' 'the walk of an attack that reads stops at its proof'
	like "$said" 'the proof holds' 'which holds with KAISER off'

	walk 4 ATTACK=meltdown_model OPTS=
	like "$said" 'stop 2 of 4: the call came back: EFAULT' 'with KAISER on the call has nothing to load'
	like "$said" 'nothing to prove; so there is no stop 3' 'and the walk says which stop there is not'
	like "$said" 'It got nowhere' 'and how it ends'

	walk 4 ATTACK=xpfo_parked OPTS=
	like "$said" 'stop 2 of 4: vuln_call_through' 'the walk of an attack with two processors gets them'
	like "$said" 'defence +XPFO' 'and ends in the fault'
fi

said=$(ATTACK=nosuch tools/debug 2>&1)
is $? 2 'an attack that does not exist is refused'
like "$said" 'ATTACK=nosuch: there is no such attack' 'by name'
like "$said" ' ret2usr_code .* ret2dir_obj' 'and all attacks are listed'
like "$(ATTACK=ret2dir_obj CMD=ls tools/debug 2>&1)" 'CMD cannot be given' 'ATTACK and CMD exclude each other'
strays=$(perl tests/qemu/gdb.pl --walks)
is "$strays" '' 'the table of walks and that of attacks name the same attacks'

# --- .vscode ---

pass_through "$(perl tests/qemu/vscode.pl --check)"
if [ "$BUILD" = debug ]; then
	CMD='attack ret2dir_obj' GDB=0 GDBPORT=$port tools/debug >"$work/debug" 2>&1 </dev/null &
	child=$!
	await "$child" says 'machine waits' "$work/debug"
	like "$(GDBPORT=$port tools/debug 2>&1)" "GDBPORT=$port: somebody listens" 'a port that is taken is refused'
	said=$(perl tests/qemu/vscode.pl "$port" | gdb -q -i=mi 2>&1)
	stop "$child"
	unlike "$said" '\^error' "what .vscode/launch.json has gdb do, gdb does"
	like "$said" 'stopped.*kernel_main|frame=\{.*func="kernel_main"' 'and it stops in kernel_main'
	like "$said" 'file="kernel/main.c"' 'with its source line'
	like "$said" 'stop 1 of 4: ret2dir_obj' 'the second configuration walks through the attack that was booted'
fi

done_testing
