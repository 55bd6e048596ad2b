#!/bin/bash
# No row of a table is dead or malformed, and one reader reads all of them.
# needs: nothing
. "$(dirname "$0")/lib.sh"

clean tables
catches tables kernel/abi/counters.def 'COUNTER(sheep, "sheep")\n' 'sheep is in the table' 'a counter is counted'
catches tables kernel/abi/options.def 'OPTION(sheep, on, "on|off", "sheep", "")\n' 'sheep is in' 'an option is read'
catches tables kernel/abi/syscalls.def 'SYSCALL(77, sheep, 0)\n' 'sheep is in the table' 'a system call has a handler'
catches tables kernel/abi/status.def 'STATUS(ESHEEP, 77, "sheep")\n' 'ESHEEP is in' 'a status code is used'
catches tables kernel/core/lock_ranks.def 'RANK(sheep)\n' 'sheep is in' 'a lock rank is held'
catches tables kernel/abi/counters.def '\nCOUNTER(sheep)\n' 'not COUNTER\(name, "help"\): 1 arguments' 'a row is whole'
catches tables kernel/mm/sheep.def 'SHEEP(x)\n' 'Def.pm does not know this table' 'a table is one that the reader knows'
catches tables tools/sheep 'sed -n "s/^OP''TION(\\([a-z]*\\).*/\\1/p" kernel/abi/options.def\n' 'read by a pattern' 'nobody else reads a table'

# What the boot menu calls "all defences off" is that, whichever options were added since.
menu=$(sed -n '/all defences off/,/}/s/.*boot_bulwark //p' boot/grub/grub.cfg | tr ' ' '\n' | sort | tr '\n' ' ')
weakest=$(perl -Itools/lib -Itools/museum -MConfigurations=configurations \
	-e 'my ($column) = grep { $_->{name} eq "all-off" } configurations(); print map { "$_ " } sort split / /, $column->{options}')
is "$menu" "$weakest" 'the boot menu switches all defences off'

done_testing
