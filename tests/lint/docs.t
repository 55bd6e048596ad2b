#!/bin/bash
# The generated parts of the documents are those of the source, links lead somewhere, the knobs exist.
. "$(dirname "$0")/lib.sh"

found=$(tools/gen-docs --check 2>&1)
ok $? 'the generated parts of all documents are up to date (make docs)' || diag "$found"

cp -r --parents README.md docs user/attacks kernel/abi kernel/mm/*.def "$work"
sed -i 's/`off`, `local`, `sync`/`off`, `sync`/' "$work/README.md"
found=$(tools/gen-docs --check --tree="$work")
is $? 1 'a table that differs is noticed'
like "$found" '^README.md: \+ .*`off`, `local`, `sync`' 'and the line is shown'
tools/gen-docs --tree="$work" 2>/dev/null
tools/gen-docs --check --tree="$work"
is $? 0 'making it anew mends it'

printf '# Sheep\n\n<!-- generated: sheep -->\n<!-- end: sheep -->\n' >"$work/docs/sheep.md"
like "$(tools/gen-docs --check --tree="$work" 2>&1)" 'docs/sheep.md: generated: sheep: there is no' 'an unknown part is named'
printf '# Sheep\n\n<!-- generated: options -->\n' >"$work/docs/sheep.md"
like "$(tools/gen-docs --check --tree="$work" 2>&1)" 'docs/sheep.md: a generated part has no end' 'a part without an end is named'

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
