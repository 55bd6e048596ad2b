#!/bin/bash
# The generated parts of the documents are those of the source, links lead somewhere, attacks have whole pages, the knobs
# exist.
# needs: nothing
. "$(dirname "$0")/lib.sh"
. tests/rows.sh

found=$(tools/gen-docs --check 2>&1)
ok $? 'the generated parts of all documents are up to date (make docs)' || diag "$found"

(shopt -s nullglob; cp -r --parents README.md docs user/attacks kernel/abi kernel/{arch/x86_64,core,task}/{,*/}*.def kernel/mm user/shell/*.def tests/fuzz "$work")
sed -i 's/`off`, `v1`, `v6`/`off`, `v6`/' "$work/README.md"
found=$(tools/gen-docs --check --tree="$work")
is $? 1 'a table that differs is noticed'
like "$found" '^README.md: \+ .*`off`, `v1`, `v6`' 'and the line is shown'
tools/gen-docs --tree="$work" 2>/dev/null
tools/gen-docs --check --tree="$work"
is $? 0 'making it anew mends it'

printf '# Sheep\n\n<!-- generated: sheep -->\n<!-- end: sheep -->\n' >"$work/docs/sheep.md"
like "$(tools/gen-docs --check --tree="$work" 2>&1)" 'docs/sheep.md: generated: sheep: there is no' 'an unknown part is named'
printf '# Sheep\n\n<!-- generated: options -->\n' >"$work/docs/sheep.md"
like "$(tools/gen-docs --check --tree="$work" 2>&1)" 'docs/sheep.md: a generated part has no end' 'a part without an end is named'

rm "$work/docs/sheep.md"
sed -i 's/\[kaiser_v4\], \[pti_ldt\]/[kaiser_v4]/' "$work/docs/kaiser.def"
tools/gen-docs --tree="$work" 2>/dev/null
unlike "$(<"$work/docs/kaiser.md")" '^\[pti_ldt\]:' 'what a page cites in its tables alone is seen at once'
tools/gen-docs --check --tree="$work"
is $? 0 'and nothing is left to be made'
rm -r "$work/docs" "$work/user"

# Who cites Bulwark names the version that the tree has.
is "$(sed -n 's/^version: //p' CITATION.cff)" "$(<VERSION)" 'CITATION.cff has the version of VERSION'
for key in cff-version message title authors version license type; do
	grep -q "^$key:" CITATION.cff || echo "$key"
done >"$work/missing"
is "$(<"$work/missing")" '' 'and what a citation needs'

clean docs
catches docs docs/a.md '# A\n\nSee [b](b.md).\n' 'link to b.md leads nowhere' 'a link that leads nowhere is found'
catches docs docs/a.md '# A\n\n[b](../../etc/passwd)\n' 'leads nowhere' 'so is one that leaves the tree'
catches docs docs/a.md '# A\n\n## Some part\n\n[b](#other-part)\n' 'no heading #other-part' 'and one to a heading that is not there'
accepts docs docs/a.md '# A\n\n## Some part\n\n[b](a.md#some-part) `[x](y)` [w](https://example.org)\n\n    [c](d.md)\n' \
	'headings, code and the web are left alone'
catches docs docs/a.md '# A\n\ntext\n    [c](d.md)\n' 'd.md leads nowhere' 'an indented line of a paragraph is no code'

page='# sheep: x\n\n**What the attacker controls.** x\n\n**What happens.** x\n\n**What stops it.** x\n\n**Try it.**\n\n'
page+="    make run CMD='attack sheep'  # BREACH\n\n**Sources.** x\n"
sheep() {
	plant user/attacks/sheep/README.md "$1"
	echo 'ATTACK(sheep, "x", "xpfo!=off", FAULT, 1)' >"$work/tree/user/attacks/attacks.def"
	found=$(cd "$work/tree" && perl "$lint/docs.pl" 2>&1)
}
sheep "$page"
is "$found" '' 'the page of an attack with all of its parts passes'
sheep "${page/What stops it/Why it stops}"
like "$found" 'README.md:1: the part "\*\*What stops it.\*\*" is missing' 'a part that is missing is named'
sheep "${page/What happens.\*\* x/Sources.** x}"
like "$found" 'What happens' 'so is one that has another name'
sheep "$(sed 's/What happens/_/; s/What stops it/What happens/; s/_/What stops it/' <<<"$(printf '%b' "$page")")"
like "$found" 'must come in the order' 'parts in another order are found'
sheep "${page/sheep: x/Sheep}"
like "$found" 'the title must be' 'the title names the attack'
sheep "${page/attack sheep/attack goat}"
like "$found" 'must run `attack sheep`' 'the page runs its own attack'
sheep "${page/BREACH/FAULT}"
like "$found" 'must show how it succeeds' 'and shows how it succeeds'
rm "$work/tree/user/attacks/sheep/README.md"
like "$(cd "$work/tree" && perl "$lint/docs.pl")" 'sheep has no user/attacks/sheep/README.md' 'an attack without a page is found'
catches docs kernel/abi/variants.def 'VARIANT(sheep, on, "x")\n' 'no document has "generated: variants sheep"' 'variants that no page shows are found'
design='.unmapped = "x", .flushed = "x", .at_free = "x", .figures = "x", .author = '
mail='.date = "x", .message_id = "a@b", .patch = "x"'
shown='# x\n<!-- generated: variants sheep -->\n<!-- end: variants -->\n'
# variants ROW: what is found in a tree with that row, shown in a document
variants() {
	plant kernel/abi/variants.def "$1\n"
	mkdir -p "$work/tree/docs"
	printf '%b' "$shown" >"$work/tree/docs/sheep.md"
	found=$(cd "$work/tree" && perl "$lint/docs.pl" 2>&1)
}
variants "VARIANT(sheep, on, \"x\", $design\"ours\")"
is "$found" '' 'a design of ours needs no mail'
variants "VARIANT(sheep, on, \"x\", $design\"A. Body\", $mail)"
is "$found" '' 'one of somebody else has author, date, Message-ID and patch'
variants "VARIANT(sheep, on, \"x\", $design\"A. Body\")"
like "$found" 'sheep=on has no .message_id' 'without these it is found'
variants "VARIANT(sheep, on, \"x\", $design\"A. Body\", ${mail/a@b/a b})"
like "$found" 'is no Message-ID' 'so is a Message-ID that is none'
variants 'VARIANT(sheep, on, "x, as published")'
like "$found" 'speaks of what was published, without' 'so is a row that says "as published" without them'
variants "VARIANT(sheep, on, \"as in version 7\", $design\"ours\")"
like "$found" 'speaks of what was published, without' 'and one that speaks of a version'
catches docs kernel/abi/options.def 'OPTION(sheep, on, "off|on", "on: as published", "off..on")\n' 'which is for variants.def to say' \
	'the help of an option speaks of nothing published'
plant docs/sheep.md '# Sheep\n'
echo '# Tree' >"$work/tree/README.md"
like "$(cd "$work/tree" && perl "$lint/docs.pl")" 'docs/sheep.md:1: README.md does not link' 'a page that README.md does not link is found'

help=$(make help)
undocumented=
mapfile -t exported < <(sed -n 's/^export \(.*\)/\1/p' Makefile tools/make/*.mk | tr ' ' '\n')
seen 'knobs' "${exported[@]}"
for knob in "${exported[@]}" DEPS; do
	grep -qE "^  $knob=" <<<"$help" || undocumented+="$knob "
done
is "$undocumented" '' 'make help documents every knob'

done_testing
