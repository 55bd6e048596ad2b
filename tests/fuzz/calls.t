#!/bin/bash
# Five seconds of the system-call fuzzer from the corpus in the tree; in a soak an hour, and what it does not reach has reasons.
# needs: fuzz-kernel run
. "$(dirname "$0")/../tap.sh"
unset FUZZ_SECONDS SEED

ARCHIVE=$(make -s --no-print-directory print-archive EXTRA=tests/fuzz/guest)
export ARCHIVE FUZZ_OUT=$work

output=$(FUZZ_SECONDS=$(soak 3600 5) SEED=$(soak "$(date +%j)" 1) tools/fuzz 2>"$work/errors")
is $? 0 'the fuzzer finds nothing' || diag "$(<"$work/errors")"
diag "$output"
like "$output" '^[1-9][0-9]* sequences run' 'sequences were run'
if [ -n "${SOAK:-}" ]; then
	is "$(sed -n 's/ functions that were not entered have no reason.*//p' <<<"$output")" 0 \
		'every function that was not entered has a reason' || diag "$(grep 'NO REASON' "$work/fuzz/coverage.txt")"
fi

# On one processor whose clock counts instructions.
same() {
	SMP=1 ICOUNT=0 FUZZ_SECONDS=2 SEED=7 FUZZ_OUT=$work/$1 tools/fuzz >"$work/$1.out" 2>&1
	cat "$work/$1/fuzz/corpus"
}
if [ -n "${SOAK:-}" ]; then
	is "$(same second)" "$(same first)" 'one seed is one run, on one processor'
fi

done_testing
