#!/bin/bash
# The commands for gdb (tools/gdb/bulwark), each on a running guest and held against what the guest itself says.
. "$(dirname "$0")/lib.sh"
port=$((20000 + RANDOM % 20000))
console=$work/console

# session KNOB=VALUE...: `make debug` with those knobs, and gdb's commands from stdin. $said: what gdb printed.
session() {
	last_boot=$*
	rm -f "$console"
	said=$(env "$@" CONSOLE="$console" GDBPORT=$port timeout 120 tools/debug 2>&1)
	touch "$console"
	errors=$(tail -n 30 "$console")
	unlike "$said" 'Traceback|Python Exception' "no command ends in a Python traceback ($*)"
}

sh_ptdump=0x$(nm "build/$BUILD/user/sh" | sed -n 's/^0*\([0-9a-f]*\) T cmd_ptdump$/\1/p')
session SMP=2 OPTS='vuln=on log=com2' CMD='options -j; mem -j; ptdump -j diff 1; ptdump -j kernel 1; attack ret2dir_obj' <<END
bw-tasks
bw-pools
bw-frame 1
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
echo @diff\n
bw-diff -j 1
echo @pools\n
bw-pools -j
bw-help
complete bw-pt kernel_mai
complete bw-pt \$rip sha
complete bw-diff 
help bw-frame
bw-pt nosuchsymbol
bw-pt
bw-diff 4711
bw-frame 0xfffffff
bw-frame -1
bw-frame nonsense
bw-pools nosuchpool
bw-options 3
hbreak sys_vuln_call
continue
set \$object = \$rdi
echo @object\n
bw-pt -j \$object
echo @object_shadow\n
bw-pt -j \$object shadow
echo @frame\n
bw-frame -j \$frame
continue
bw-tasks
END
pass_through "$(perl tests/qemu/gdb.pl <(echo "$said") "$console")"
like "$said" '^(\(gdb\) )?no process yet' 'before there are processes bw-tasks says so'
like "$said" 'there are no pools yet' 'before there are pools bw-pools says so'
like "$said" 'there is no frame table yet' 'before there is a frame table bw-frame says so'
like "$said" '^  bw-tlb \[-j\] ' 'bw-help lists the commands'
like "$said" 'bw-pt kernel_main$' 'symbols are completed'
like "$said" 'bw-pt \$rip shadow$' 'the roots are completed'
like "$said" 'bw-diff 1$' 'process numbers are completed'
like "$said" 'PFN is a frame number' 'help explains a command'
like "$said" '`nosuchsymbol. is no address: No symbol "nosuchsymbol"' 'a symbol that does not exist is named'
like "$said" 'usage: bw-pt \[-j\] ADDR' 'without an address bw-pt says how to call it'
like "$said" 'there is no process 4711; there are: init \(pid 1\), sh' 'a process that does not exist is named'
like "$said" 'frame 0xfffffff is not in the frame table' 'a frame that does not exist is named'
like "$said" '`-1. is no frame number: it is negative' 'a negative frame number is refused'
like "$said" '`nonsense. is no frame number: No symbol' 'a frame that is no number is named'
like "$said" 'no pool is called `nosuchpool.; there are: options, ' 'a pool that does not exist is named'
like "$said" 'usage: bw-options' 'words that a command does not want are refused'
like "$said" 'there is no machine' 'a command without a machine says so'
like "$(<"$console")" 'ret2dir_obj: FAULT \(expected FAULT\)' 'the guest goes on undisturbed to its own verdict'

done_testing
