#!/bin/bash
# Everything at once, on four processors.
# needs: direct
. "$(dirname "$0")/lib.sh"

seconds=$(soak 240 5)
[ "$BUILD" = debug ] || seconds=$(soak 240 3)

SMP=4 boot 'vuln=on' "stress $seconds"
is "$status" 0 "stress for $seconds seconds: no violation, no leak, no panic"
like "$output" 'stress: nothing is wrong' 'and it says so'
like "$output" '^faults +[1-9]' 'work was done'
unlike "$(<"$log")" 'bulwark: panic' 'the kernel did not panic'
diag "$output"

# every entry flushes with KAISER, which hides that a flush is missing
if [ "$BUILD" = debug ]; then
	SMP=4 boot 'vuln=on kaiser=off' "stress $(soak 120 2)"
	is "$status" 0 'stress with kaiser=off: no violation, no leak, no panic'
fi

done_testing
