#!/bin/bash
# No row of a table is dead.
# needs: nothing
. "$(dirname "$0")/lib.sh"

clean tables
catches tables kernel/abi/counters.def 'COUNTER(sheep, "sheep")\n' 'sheep is in the table' 'a counter is counted'
catches tables kernel/abi/options.def 'OPTION(sheep, on, "on|off", "sheep", "")\n' 'sheep is in' 'an option is read'
catches tables kernel/abi/syscalls.def 'SYSCALL(77, sheep, 0)\n' 'sheep is in the table' 'a system call has a handler'
catches tables kernel/abi/status.def 'STATUS(ESHEEP, 77, "sheep")\n' 'ESHEEP is in' 'a status code is used'

done_testing
