#!/bin/bash
# Mutation testing tells what is caught from what is not: one mutant of each outcome; the draw is the same by the same seed.
# In a soak the mutants that once survived, all of which a test catches now, and some more.
# needs: direct everything
. "$(dirname "$0")/lib.sh"
debug_only

export MUTATE_OUT=$work/mutate EVERYTHING=0
# A kernel that does not boot says so at once.
mutate() {
	output=$(env "$@" tools/mutate 2>"$work/errors")
	status=$?
	errors=$(<"$work/errors")
}

outcomes() {
	perl -MJSON::PP -e 'local $/; print join "\n", map { "$_->{outcome}: " . ($_->{name} =~ s/^(\w+): .*/$1/r) }
		@{ decode_json(<STDIN>)->{mutants} }' <"$MUTATE_OUT/$1.json"
}

BATTERY=boot mutate MUTANTS=tests/mutation/fixed.txt
is "$status" 1 'a survivor is told by the exit status'
is "$(outcomes fixed)" "$(sed -n 's/^== \([a-z]*\):.*/\1: \1/p' tests/mutation/fixed.txt)" 'each of the fixed mutants has its outcome'
like "$output" '^all +2 +1 +1 +50 +1 +0 +2$' 'the table counts them'
like "$(<"$MUTATE_OUT/fixed/001.diff")" '^-.*PTE_WRITABLE' 'the diff of a mutant is kept'
like "$(<"$MUTATE_OUT/fixed/003.log")" 'bulwark: exit status 0' 'and its log'
like "$(<"$MUTATE_OUT/fixed/survivors.txt")" '^-.*STATUS_EFAULT' 'survivors can be run again'

for file in one other; do
	BATTERY=none mutate N=6 SEED=7 MUTATE_OUT="$work/$file"
	grep -hE '"(name|outcome)"' "$work/$file/seed7.json" >"$work/$file.names"
done
cmp -s "$work/one.names" "$work/other.names"
ok $? 'a seed draws the same mutants again'
is "$(grep -c name "$work/one.names")" "$(find "$work/one/seed7" -name '*.diff' | wc -l)" 'each has its diff'

mutate FILES=no/such/file
is "$status" 2 'files that are none are refused'
mutate SEED=one
is "$status" 2 'so is a seed that is no number'

if [ -n "${SOAK:-}" ]; then
	mutate MUTANTS=tests/mutation/caught.txt
	is "$status" 0 'what survived once is caught' || diag "$output"
	mutate N=24 SEED=1
	[ "$status" -le 1 ]
	ok $? 'more mutants are run'
	diag "$output"
fi

done_testing
