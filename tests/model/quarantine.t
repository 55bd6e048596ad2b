#!/bin/bash
# Checks quarantine.pml with Spin: every state of the protocol as it is, and a violation for each rule removed.
# needs: model
. "$(dirname "$0")/../../tools/lib/surroundings.sh"
model=$PWD/tests/model/quarantine.pml
out=$(mktemp -d) && trap 'rm -rf "$out"' EXIT
cd "$out" || exit 1
number=0

# Prints "errors: N, S states"; a search that was cut short prints nothing.
verify()
{
	spin -a "$@" "$model" > spin.log 2>&1 &&
		gcc -w -DSAFETY -DCOLLAPSE -o pan pan.c &&
		./pan -m1000000 -w22 > pan.log 2>&1 &&
		! grep -q 'max search depth too small' pan.log &&
		sed -n 's/.*errors: \([0-9]*\).*/errors: \1/p; s/^ *\([0-9]*\) states, stored.*/states: \1/p' pan.log | paste -sd ' '
}

# expect ERRORS NAME SWITCH...
expect()
{
	local wanted=$1 name=$2 found
	shift 2
	rm -f spin.log pan.log
	found=$(verify "$@")
	number=$((number + 1))
	case $found in
	*"errors: $wanted"*) echo "ok $number - $name" ;;
	*) echo "not ok $number - $name"; sed 's/^/#   /' spin.log pan.log 2> /dev/null ;;
	esac
	echo "#   ${found:-no result}"
}

echo 1..12
expect 0 'no stale use in any state, KAISER on' -DKAISER=1
expect 0 'no stale use in any state, KAISER off' -DKAISER=0
for rule in NO_FENCE CHECK_FIRST NO_CHECK FLUSH_FIRST SEEN_FIRST LEAVE_FIRST NO_WAIT NO_SELF EARLY_COUNT NO_BARRIER; do
	expect 1 "a stale use is found with $rule" -DKAISER=0 -D$rule
done
