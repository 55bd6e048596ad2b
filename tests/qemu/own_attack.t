#!/bin/bash
# docs/your-own-attack.md, followed to the letter: from an empty folder to a row in the matrix. In the release build alone.
# needs: direct
. "$(dirname "$0")/lib.sh"
. tests/qemu/pages.sh

release_only

follow docs/your-own-attack.md "s,\bmine\b,$work/mine,g"
[ "$nr_followed" -gt 0 ]
ok $? "the page has commands: $nr_followed"

# What goes wrong on the way is told before anything boots.
mkdir "$work/wrong"
echo 'int main(void) { return 0; }' >"$work/wrong/my_attack.c"
wrong_row() {
	echo "/* a row */" >"$work/wrong/attacks.def"
	echo "$1" >>"$work/wrong/attacks.def"
	said=$(make archive EXTRA="$work/wrong" 2>&1)
	is $? 2 "a build with this row fails: $1"
	like "$said" "$2" "and says why: $2"
}
wrong_row 'ATTACK(my_attack, "x", "xpfo=of", FAULT, 1)' 'wrong/attacks.def:2: my_attack: xpfo has no value of; there are: '
wrong_row 'ATTACK(my_attack, "x", "xpdo=off", FAULT, 1)' 'attacks.def:2: my_attack: there is no option xpdo; did you mean xpfo'
wrong_row 'ATTACK(my_attack, "x", "xpfo", FAULT, 1)' 'attacks.def:2: my_attack: xpfo is not OPTION=VALUE'
wrong_row 'ATTACK(my_attack, "x", "xpfo!=off", FAULTS, 1)' 'attacks.def:2: my_attack: FAULTS is no outcome'
wrong_row 'ATTACK(my_attack, x, "xpfo!=off", FAULT, 1)' 'attacks.def:2: not ATTACK\(name, "brief", .*: brief must be a text in quotes'
wrong_row 'ATTACK(your_attack, "x", "xpfo!=off", FAULT, 1)' 'your_attack: there is no .*/your_attack.c'

done_testing
