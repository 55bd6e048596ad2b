#!/bin/bash
# A defence that is broken turns the matrix red: kernels with one line changed, built in a copy of the tree. In the release
# build alone.
# needs: iso
. "$(dirname "$0")/lib.sh"

release_only

tree=$work/tree
mkdir -p "$tree/tests" "$tree/build"
cp -a Makefile VERSION linker.ld boot kernel tools user "$tree"
cp -a tests/kernel "$tree/tests"
tar --format=posix -C build --exclude='*/extra' -c gen user user.flags user.list archive.{list,tar,tar.gz} release \
	| tar -C "$tree/build" -x

# The gate would notice, too: it asks whether the direct map still shows a frame, and who has flushed. Another default in options.def
# would have everything compiled anew.
sed -i '/^RO_AFTER_INIT struct options options = {/,/^};/s/^#undef OPTION$/&\n\t.ptprot = ptprot_off,/' "$tree/kernel/core/options.c"

# broken FILE SED WORDS [TRIES]: runs the matrix of a kernel whose FILE the sed script has changed, until it is red; $tried
broken() {
	local tries=${4:-1}
	tried=0
	sed -i "$2" "$tree/$1"
	! cmp -s "$1" "$tree/$1"
	ok $? "$1 can be broken by $2"
	while
		output=$(make --no-print-directory -C "$tree" matrix BUILD=release DEPS=0 JOBS=1 MATRIX="$3" 2>"$work/errors")
		status=$?
		tried=$((tried + 1))
		[ "$status" = 0 ] && [ "$tried" -lt "$tries" ]
	do :; done
	diag "the matrix was run $tried of at most $tries times"
	cp "$1" "$tree/$1"
}

broken kernel/mm/frame/direct_map.c '/^void direct_map_hide/,/^}/s/run_toggle(start, run, PTE_NONE)/(void)start/' 'ret2dir_obj seal_write defaults'
is "$status" 2 'without the removal of hidden frames from the direct map the matrix is red' || diag "$(<"$work/errors")"
like "$output" '^ret2dir_obj +B!$' 'ret2dir_obj is marked'
like "$output" 'ret2dir_obj, defaults: BREACH, expected FAULT \(stopped by: xpfo!=off\)' 'with what was expected, and why'
like "$output" "by hand: make run SMP=2 .*OPTS='vuln=on' CMD='attack ret2dir_obj'" 'and how to run it by hand'
like "$(<"$tree/build/matrix-partial.md")" '\| ret2dir_obj \| \*\*BREACH\*\* \(expected FAULT\) \|' 'so it is in matrix.md'
like "$(tr -d ' \n' <"$tree/build/matrix-partial.json")" '"unexpected":\[\{"attack":"ret2dir_obj"' 'and in matrix.json'

# On a busy host the emulator may lose the old translation before it is used: then this one is stopped by luck.
broken kernel/mm/frame/xpfo.c '/\[xpfo_sync\]/,/}/s/ktlb_shootdown_sync/ktlb_flush_local/' 'xpfo_stale_tlb ret2dir_obj config:xpfo=sync,kaiser=off' 5
is "$status" 2 'with a flush that forgets the other processors the matrix is red' || diag "$(<"$work/errors")"
like "$output" '^xpfo_stale_tlb +B!$' 'the attack that lives of it is marked'
like "$output" '^ret2dir_obj +f$' 'the one that does not is as it was'

done_testing
