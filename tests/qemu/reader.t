#!/bin/bash
# Who sleeps in read() is woken when what is there becomes readable, not only when somebody types.
# needs: test-programs
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/session.sh"
release_only

ARCHIVE=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)
export ARCHIVE

SMP=2 session tools/run <<'END'
bulwark# $	wakes_reader\r
^wakes_reader: type$	a
^wakes_reader: a\n(.|\n)*bulwark# $	exit 7\r
END
is "$errors" '' 'the session goes through'
like "$output" '^bulwark: exit status 7' 'to its end'

done_testing
