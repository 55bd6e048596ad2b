#!/bin/bash
# The litmus tests of docs/litmus.md that threads can run: no outcome that a table forbids.
# needs: test-programs
. "$(dirname "$0")/lib.sh"
release_only

ARCHIVE=$(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs)
export ARCHIVE
rounds=$(soak 200 1)
variants=('')
[ -z "${SOAK:-}" ] || variants+=(kaiser=off xpfo=sync)
for opts in "${variants[@]}"; do
	SMP=2 boot "$opts" "litmus $rounds"
	is "$status" 0 "no thread sees what is forbidden: ${opts:-defaults}" || diag "$output"
	like "$output" 'after munmap has returned no thread reads the page' "tests were run: ${opts:-defaults}"
	diag "$output"
done

done_testing
