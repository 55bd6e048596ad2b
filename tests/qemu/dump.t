#!/bin/bash
# Looks at the machine from outside: in a dump of its memory no frame of a user mapping is mapped by the
# kernel half of any page table, and no sealed frame is writable anywhere. With xpfo=off the same look must find
# such frames, and it must find what is planted in the dump. With vuln=on there is a pool of each mode.
# needs: test-programs
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/held.sh"
# One processor: what is looked at, or interrupted, is on that.
export SMP=1
release_only


# Writes $work/memory and $work/registers.
dump() { dump_held "$1" 'policy load etc/policy; hold in user mode' 1; }

# plant VIEW...: makes a sealed frame writable in each of these views of the dump, and looks again
plant() {
	local view address value frame
	cp "$work/memory" "$work/planted"
	for view in "$@"; do
		read -r address value frame < <(sed -n "s/^plant $view: //p" <<<"$findings")
		perl -e 'open my $f, "+<:raw", $ARGV[0] or die; seek $f, hex $ARGV[1], 0; print $f pack "Q", hex $ARGV[2]' \
			"$work/planted" "$address" "$value"
		frames[$view]=$frame
	done
	seen=$(perl tests/qemu/walk.pl "$work/planted" "$work/registers" bulwark-user-page "$symbols" 2>&1)
	for view in "$@"; do
		like "$seen" "^sealed and writable:.* ${frames[$view]:-nothing}( |\$)" "the look finds a sealed frame that is planted in the $view"
	done
}

look_for_planted() {
	local -A frames
	local seen
	plant pool window 'direct map' 'user half' 'shadow root'
	like "$seen" '^sealed frames mapped writable: 5$' 'and no other'
	plant '2 MiB page'
}

for opts in 'xpfo=epoch vuln=on' 'xpfo=sync' 'xpfo=v1' 'pmalloc=roalias' 'xpfo=off kaiser=off' 'pmalloc=plain' 'pmalloc=off'; do
	dump "$opts"
	grep -q holding "$work/output"
	ok $? "the program is running: $opts"
	findings=$(perl tests/qemu/walk.pl "$work/memory" "$work/registers" bulwark-user-page "$symbols" 2>&1)
	diag "$findings" | head -n 12
	like "$findings" '^user frames: [1-9][0-9]{3}' "the dump shows its user frames: $opts"
	like "$findings" '^marked frames: ([2-9][0-9]{3}|1[5-9][0-9]{2})' "its marker stands in as many frames as it filled: $opts"
	if [[ $opts == *xpfo=off* ]]; then
		unlike "$findings" '^shared frames: 0$' 'without XPFO the look finds user frames in the direct map'
	elif [[ $opts == *xpfo=v1* ]]; then
		like "$findings" '^shared frames: [1-9][0-9]?$' 'with xpfo=v1 pages of programs, which nobody kmaps, are in the direct map'
		like "$findings" '^marked frames mapped by the kernel: 0$' 'and none that the program filled'
	else
		like "$findings" '^shared frames: 0$' "no user frame is mapped by the kernel half: $opts"
		like "$findings" '^marked frames mapped by the kernel: 0$' "nor is any frame with user bytes: $opts"
	fi
	like "$findings" '^shadow roots: [2-9]' "its shadow roots are found: $opts"
	like "$findings" '^shadow kernel slots: 1$' "of the kernel they show one slot: $opts"
	like "$findings" '^shadow strangers: 0$' "in which all frames belong to ENTRY: $opts"
	like "$findings" '^shadow secrets: 0$' "and tell no address of the kernel: $opts"
	if [[ $opts == *kaiser=off* ]]; then
		like "$findings" '^privilege level 3 on the kernel root$' "user mode runs on the kernel's root: $opts"
	else
		like "$findings" '^privilege level 3 on the shadow root$' "user mode runs on its shadow root: $opts"
	fi
	case $opts in
	pmalloc=off) like "$findings" '^sealed frames: 0$' "nothing is sealed: $opts" ;;
	pmalloc=plain) unlike "$findings" '^sealed frames mapped writable: 0$' "the look finds sealed frames that are writable: $opts" ;;
	*)
		like "$findings" '^sealed frames: ([5-9]|[1-9][0-9])' "the dump shows sealed frames: $opts"
		like "$findings" '^sealed frames mapped writable: 0$' "none of them is mapped writable: $opts" ;;
	esac
	like "$findings" '^writable and executable: 0$' "no mapping is writable and executable: $opts"
	is "$(grep -c 'bulwark: policy: ' "$log")" 2 "a policy was loaded in place of the first: $opts"
	[[ $opts != *vuln=on* ]] || look_for_planted
done

done_testing
