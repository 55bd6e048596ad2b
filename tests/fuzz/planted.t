#!/bin/bash
# In a soak: the fuzzer finds the faults of tests/fuzz/plants, and makes each a C program that shows it. Else: each can still be
# planted.
# needs: fuzz-kernel run
. "$(dirname "$0")/../tap.sh"
unset FUZZ_SECONDS SEED

ARCHIVE=$PWD/$(make -s --no-print-directory print-archive EXTRA=tests/fuzz/guest)
export ARCHIVE
tree=$work/tree

# plant NAME FILE PERL
plant() {
	perl -0pi -e "$3" "$tree/$2"
	! cmp -s "$2" "$tree/$2"
	ok $? "$1: a fault is planted"
}

# look_for NAME FILE PERL EXPECTED
look_for() {
	plant "$@" || return
	make -s -C "$tree" DEPS=0 BUILD=fuzz kernel >"$work/build" 2>&1
	ok $? "$1: it is built" || diag "$(tail -n 5 "$work/build")"
	output=$(KERNEL=$tree/build/fuzz/bulwark.elf FUZZ_OUT=$work/$1 FUZZ_SECONDS=600 tools/fuzz --first 2>"$work/errors")
	is $? 1 "$1: it is found" || diag "$(tail -n 5 "$work/errors")"
	like "$output" "found: .*($4)" "$1: as what it is"
	like "$output" 'again with: make run' "$1: and is shown again"
	[ -s "$work/$1/fuzz/found-1/found/found.c" ]
	ok $? "$1: a C program is made of it"
	cp -p "$2" "$tree/$2" && touch "$tree/$2"
}

copy_tree "$tree"
[ -z "${SOAK:-}" ] || { mkdir -p "$tree/build" && cp -rp build/fuzz build/gen "$tree/build"; }
while IFS=$'\n' read -r line; do
	mapfile -t fields < <(perl -e 'print map { "$_\n" } split / \| /, $ARGV[0], 4' "$line")
	if [ -n "${SOAK:-}" ]; then
		look_for "${fields[@]}"
	else
		plant "${fields[@]}" && cp -p "${fields[1]}" "$tree/${fields[1]}"
	fi
done < <(grep -v '^#' tests/fuzz/plants)
done_testing
