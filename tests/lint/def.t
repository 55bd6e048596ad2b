#!/bin/bash
# The reader of .def tables (tools/lib/Def.pm, tools/def): rows are read however they are laid out; what is no row is told
# with file and line; and everything that reads options.def sees rows that stand on two lines.
# needs: nothing
. "$(dirname "$0")/lib.sh"
. tests/rows.sh

mapfile -t tables < <(tools/def --list | cut -d' ' -f1)
seen 'tables' "${tables[@]}"
for table in "${tables[@]}"; do
	read_rows "$table"
done

# A tree of its own for the tools, with tables to spoil.
tree=$work/tables
mkdir -p "$tree"
(shopt -s nullglob; cp -r --parents tools kernel/abi kernel/{arch/x86_64,core,task}/{,*/}*.def kernel/mm user/attacks/attacks.def README.md docs "$tree")
table=$tree/user/attacks/attacks.def

# reads TEXT EXPECTED NAME: of a table of attacks
reads() {
	printf '%b' "$1" >"$table"
	is "$("$tree/tools/def" attacks 2>&1)" "$(printf '%b' "$2")" "$3"
}
reads 'ATTACK(a, "one, (two)", "x=y", FAULT, 1)\n' 'a\tone, (two)\tx=y\tFAULT\t1' 'commas and parentheses in a text are text'
reads 'ATTACK(\n\ta,\n\t"one "\n\t"two", /* , */ "",\n\tFAULT, 1\n)\n' 'a\tone two\t\tFAULT\t1' 'a row over several lines, with a text in two parts'
reads '/* ATTACK(b, "x", "", FAULT, 1) */\n// ATTACK(c\n  ATTACK(a, "/* \\" */", "", FAULT, 1)' 'a\t/* " */\t\tFAULT\t1' 'comments are none in a text, and rows none in comments'
reads 'ATTACK(a, "x", "", FAULT, 1) ATTACK(b, "", "", FAULT, 2)' 'a\tx\t\tFAULT\t1\nb\t\t\tFAULT\t2' 'two rows on a line'

# refuses TEXT COMPLAINT NAME
refuses() {
	printf '%b' "$1" >"$table"
	found=$("$tree/tools/def" attacks 2>&1)
	is "$?" 1 "$3"
	like "$found" "^def: user/attacks/attacks.def:$2" 'and file, line and reason are told'
}
refuses '\nATTACK(a, b, "", FAULT, 1)' '2: not ATTACK\(name, "brief", .*: brief must be a text in quotes' 'a text without quotes'
refuses '\n\nATTACK(a, "b", "", FAULT)' '3: not ATTACK.*: 4 arguments' 'a column too few'
refuses 'ATTACK(a, "b", "", FAULT, 1, 2)' '1: not ATTACK.*: 6 arguments' 'a column too many'
refuses 'ATTACK(a, "b", "", FAULT, many)' '1: not ATTACK.*: nr_cpus must be a number' 'a word for a number'
refuses 'ATTACK(a, "b", "", FAULT, 1\nATTACK(b, "", "", FAULT, 1)\n' '1: ATTACK\(... is not closed' 'a row that is not closed'
refuses 'ATTACK(a, "b, "", FAULT, 1)\n' '1: (a quote is not closed|not ATTACK)' 'a text that is not closed'
refuses 'ATACK(a, "b", "", FAULT, 1)\n' '1: what is ATACK\? A row is wanted here: ATTACK\(' 'another macro'
refuses 'sheep\n' '1: a row is wanted here: ATTACK' 'what is no row'
refuses '/* none */\n' '1: no row in the table' 'a table without rows'
cp user/attacks/attacks.def "$table"

# The same table with rows on two lines: each reader finds what it found before.
options=kernel/abi/options.def
readers=("tools/gen-abi.pl options" 'tools/def options' 'tools/matrix --list' 'tools/gen-docs --check')
for reader in "${readers[@]}"; do
	before=$("$tree"/$reader 2>&1)
	perl -0pe 's/"random\|fixed", "where/"random|fixed",\n       "where/; s/OPTION\(xpfo, epoch, /OPTION(xpfo, epoch,\n       /' \
		"$options" >"$tree/$options"
	! cmp -s "$options" "$tree/$options"
	ok $? 'a table can be laid out in another way'
	is "$("$tree"/$reader 2>&1)" "$before" "$reader reads it as before"
	cp "$options" "$tree/$options"
done

tools/def sheep >/dev/null 2>"$work/errors"
is $? 2 'a table that is not there is refused'
like "$(<"$work/errors")" 'there is no table sheep' 'by name'
tools/def options defualt >/dev/null 2>"$work/errors"
is $? 2 'so is a column'
like "$(<"$work/errors")" 'did you mean default\?' 'with one that may be meant'

# A loop that looks at nothing fails.
is "$(tail -n 1 <<<"$( (nr_tests=0; seen nothing) )")" 'not ok 1 - nothing: 0 are looked at' 'a list without words is noticed'

done_testing
