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

# Names that shells and make would take apart.
odd="$PWD/$work/my attacks, \$HOME 'n' #1"
mkdir -p "$odd/odd_attack" "$odd/etc"
cat >"$odd/odd_attack/the main file.c" <<'END'
#include <stdio.h>
#include "the header.h"
int helped(void);
int main(void) { printf("%s %d\n", TEXT, helped()); }
END
echo 'int helped(void) { return 7; }' >"$odd/odd_attack/it's a helper.c"
echo '#define TEXT "helped"' >"$odd/odd_attack/the header.h"
printf '#include "odd_attack/the header.h"\n#include <stdio.h>\nint main(void) { puts(TEXT); }\n' >"$odd/single.c"
echo 'notes' >"$odd/etc/notes~"
odd_run() {
	said=$(make run EXTRA="$odd" CMD="$1" </dev/null 2>"$work/errors" | tr -d '\r')
	errors=$(<"$work/errors")
}
odd_run 'odd_attack; single; ls etc/notes~'
is "$said" $'helped 7\nhelped\netc/notes~' 'a folder and files with odd names are built and packed'
echo '#define TEXT "changed"' >"$odd/odd_attack/the header.h"
odd_run 'odd_attack; single'
is "$said" $'changed 7\nchanged' 'again when a header with such a name has changed'
make matrix EXTRA="$odd" MATRIX='odd_attack defaults' MATRIX_OUT="$work" >"$work/matrix.out" 2>&1
like "$(<"$work/matrix.out")" '^odd_attack ' 'the matrix has its row'
mv "$odd/single.c" "$odd/not single.c"
odd_run true
like "$errors" "not single.c: the guest can have no program called 'not single'" 'a program that could not be called is refused'
rm "$odd/not single.c"
touch "$odd/etc/more notes"
odd_run true
like "$errors" "the guest can have no file called 'more notes'" 'so is a file that the kernel would not take'
rm "$odd/etc/more notes"
odd_run 'ls bin/single'
unlike "$said" '^bin/single$' 'what is gone from the folder is gone from the archive'

done_testing
