#!/bin/bash
# What the gate alone may write, seen from outside: in a dump of the machine's memory no root but the windows' maps a page table,
# the frame table, a block of the gate's or a sealed frame writable, but with the gate's key where ptprot=pks. With ptprot=off
# the same look must find such frames, and it must find what is planted in the dump. One in two of the machines with a gate in each
# run, in turn; in `make soak` all.
# needs: test-programs
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/held.sh"
release_only

kinds=('page tables' 'frame table' 'gate blocks' 'sealed frames')

# Writes $work/memory and $work/registers.
dump() { dump_held "$1" 'hold in user mode' 2; }

look() {
	perl tests/qemu/guard.pl "$1" "$work/registers" "$symbols" 2>&1
}

# plant KIND: what the look says of a dump where a frame of that kind is writable
plant() {
	local address value
	cp "$work/memory" "$work/planted"
	read -r address value < <(sed -n "s/^plant $1: //p" <<<"$findings")
	perl -e 'no warnings "portable"; open my $f, "+<:raw", $ARGV[0] or die; seek $f, hex $ARGV[1], 0; print $f pack "Q", hex $ARGV[2]' \
		"$work/planted" "$address" "$value"
	look "$work/planted"
}

look_for_planted() {
	local kind
	for kind in "${kinds[@]}"; do
		like "$(plant "$kind")" "^$kind: [0-9]+ frames, [1-9][0-9]* writable" "the look finds $kind that are planted: $opts"
	done
	like "$(plant elsewhere)" '^elsewhere: [1-9]' "and a window that another root leads to: $opts"
}

mapfile -t machines < <(rotate 2 ptprot=wp ptprot=window ptprot=pks 'ptprot=window directmap=2m' 'ptprot=pks directmap=2m' 'ptprot=pks kaiser=off')
for opts in ptprot=off "${machines[@]}"; do
	dump "$opts"
	grep -q holding "$work/output"
	ok $? "the program is running: $opts"
	findings=$(look "$work/memory")
	diag "$findings"
	like "$findings" '^roots: ([3-9]|[1-9][0-9]+) of address spaces' "the dump shows roots of all processes: $opts"
	like "$findings" '^processors: 2, 2 with CR0.WP' "no processor writes what it must not: $opts"
	like "$findings" 'roots: .* 2 of windows$' "each has a window of its own: $opts"
	like "$findings" '^strangers: 0$' "there are no roots but those of the frame table: $opts"
	like "$findings" '^elsewhere: 0$' "no other root leads to a window: $opts"
	like "$findings" "^sealed frames: [1-9][0-9]* frames, 0 writable, 0 with the gate's key, 0 in" "no sealed frame is writable: $opts"
	windows=$(sed -nE 's/^roots: .* ([0-9]+) of windows$/\1/p' <<<"$findings")
	like "$findings" "^page tables: .* $windows in the windows$" "a window shows its own page table and no other: $opts"
	if [[ $opts == ptprot=off* ]]; then
		like "$findings" '^page tables: [0-9]+ frames, [1-9][0-9]* writable' 'without a gate the look finds page tables that are'
		like "$findings" '^frame table: [0-9]+ frames, [1-9][0-9]* writable' 'and the frame table'
		continue
	fi
	for kind in 'page tables' 'frame table' 'gate blocks'; do
		like "$findings" "^$kind: [1-9][0-9]* frames, 0 writable" "nor are $kind: $opts"
	done
	case $opts in
	*pks*)
		like "$findings" ' 2 with CR4.PKS$' "keys count on both processors: $opts"
		like "$findings" "^page tables: ([0-9]+) frames, 0 writable, \\1 with" "page tables have the gate's key: $opts" ;;
	*)
		is "$(grep -c ", 0 with the gate's key" <<<"$findings")" 4 "nothing has a key: $opts" ;;
	esac
	case $opts in
	*window*) like "$findings" '^gate blocks: ([0-9]+) frames, .* \1 in the windows' "the windows have the blocks: $opts" ;;
	*) like "$findings" '^frame table: .* 0 in the windows' "the windows have no more: $opts" ;;
	esac
	look_for_planted
done

done_testing
