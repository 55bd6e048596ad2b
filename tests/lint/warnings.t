#!/bin/bash
# No compiler, assembler or linker has a warning about our own sources. A build goes on where one does, and keeps it in
# X.warnings beside X.
# needs: everything
. "$(dirname "$0")/lib.sh"

# Of an object that no rule makes any more: its source is gone.
is_left_over() {
	local source=${1#*/obj/}
	[ "$source" != "$1" ] || return 1
	source=${source%.o.warnings}
	[ ! -e "$source" ] && [ ! -e "${source#*/}" ]
}

# warnings_in TREE: what was said while building what was built there
warnings_in() (
	cd "$1" || exit
	find build/debug build/release build/kasan build/race build/user build/gen build/host -name '*.warnings' -size +0 2>/dev/null | sort \
		| while IFS= read -r file; do
			is_left_over "$file" || cat "$file"
		done
)

found=$(warnings_in .)
is "$(grep -c . <<<"$found")" 0 "no warnings by $(gcc --version | head -n 1)" || diag "$(head -n 60 <<<"$found")"

# A tree in which each tool has something to say.
copy_tree "$work/tree"
planted='int planted(void)\n{\n\tint unused;\n\treturn 0;\n}\n'
for source in kernel/lib user/lib tests/host; do
	printf '/* sources: */\n%b' "$planted" >"$work/tree/$source/planted.c"
done
echo 'int main(void) { return 0; }' >>"$work/tree/tests/host/planted.c"
printf 'section .text\n\tmov al, 300\n' >"$work/tree/kernel/lib/planted_too.asm"
made='build/release/obj/kernel/lib/planted.c.o build/release/obj/kernel/lib/planted_too.asm.o build/user/obj/user/lib/planted.c.o
	build/host/planted'
# shellcheck disable=SC2086 # a list
BUILD=release make -s -C "$work/tree" $made >"$work/built" 2>&1
is $? 0 'warnings stop no build' || diag "$(<"$work/built")"
for source in kernel/lib/planted.c kernel/lib/planted_too.asm user/lib/planted.c tests/host/planted.c; do
	like "$(<"$work/built")" "$source:.*warning" "a warning is shown: $source"
	like "$(warnings_in "$work/tree")" "$source:.*warning" 'and found'
	rm "$work/tree/$source"
done
unlike "$(warnings_in "$work/tree")" '(kernel|user)/lib' 'no longer when the source is gone'

done_testing
