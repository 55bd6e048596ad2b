#!/bin/bash
# The README's tables are those of the source, its links lead somewhere, its knobs exist.
. "$(dirname "$0")/lib.sh"

found=$(diff README.md <(tools/gen-docs))
ok $? 'the tables of README.md are up to date (make readme)' || diag "$found"

diff -q README.md <(tools/gen-docs | sed 's/smep=on/smep=no/') >/dev/null
is $? 1 'a table that differs is noticed'

missing=
while read -r link; do
	[ -e "$link" ] || missing+="$link "
done < <(grep -oE '\]\([^)#:]+\)' README.md | tr -d '])(')
is "$missing" '' 'every link of README.md leads to a file'

help=$(make help)
undocumented=
for knob in $(sed -n 's/^export \(.*\)/\1/p' Makefile) EXTRA DEPS; do
	grep -qE "^  $knob=" <<<"$help" || undocumented+="$knob "
done
is "$undocumented" '' 'make help documents every knob'

done_testing
