#!/bin/bash
# Checks the models of the gate (docs/gate.md) with Spin: every state with all rules, and a violation for each rule removed.
# needs: model
. "$(dirname "$0")/../../tools/lib/surroundings.sh"
models=$PWD/tests/model
out=$(mktemp -d) && trap 'rm -rf "$out"' EXIT
cd "$out" || exit 1
number=0
compiler=gcc
! command -v clang > /dev/null || compiler=clang # in half the time

frames='NO_SWAP SWAP_COUNT NO_SLOT_CHECK CHECK_OUTSIDE SPACE_OUTSIDE STATE_LATE FREE_FIRST NO_ZERO SHARE_NO_COUNT
	SHARE_NAMED DROP_NAMED PUBLISHED_OPEN MAKER_BY_ROOT RETIRE_FULL ONE_LOCK'
tables='NO_CLASS NO_SLOT_CHECK NO_SWAP STATE_LATE RESOLVE_OUTSIDE NOT_MINE UNLINK_FULL FREE_LINKED FREE_AT_ONCE
	UNLINK_NO_NUMBER PARKED_EMPTY'
share='SHARE_NO_NUMBER PUBLISH_AT_ONCE SHARE_NO_COUNT SHARE_WRITABLE PROTECT_NO_NUMBER PROTECT_ANY REPLACE_AT_ONCE
	ACCEPT_AT_ONCE OFFER_SHARED PARKED_SHARED'
user='NO_LOCK NUMBER_FIRST NO_NUMBER NO_SEEN FORGED_SEEN FREE_AT_DROP SEEN_FIRST READ_LATE
	SWITCH_READS_FIRST COUNT_LATE OLD_DROPPED LAZY_ANY_SLOT LAZY_BACK LAZY_TOUCH LAZY_FORGOTTEN LAZY_NEW_UNCOUNTED
	LEFT_KEPT LEFT_FIRST MITIGATE_LAZY NMI_NOFLUSH NUMBERS_AGAIN MAKE_NO_NUMBER RETIRE_LOADED'
kernel='NO_WAIT FORGED_SEEN FORGED_MODE SEEN_FIRST READ_LATE EARLY_NUMBER NO_SWAP NO_KERNEL_LOCK ZERO_FIRST STATE_LATE
	TABLE_AT_ONCE TABLE_WRITABLE SEAL_AT_ONCE DROP_AT_ONCE CHECK_OUTSIDE'
nmi='RESUME_ORDINARY PKRS_ORDINARY PKRS_OPEN CLOSE_BY_RIP ALWAYS_OPEN ONE_AREA HANDLER_GATE COPY_LATE LET_GO'

# verify MODEL SWITCH...: prints "states: S errors: N"; a search that was cut short prints nothing.
verify()
{
	local model=$1
	shift
	spin -a "$@" "$models/gate_$model.pml" > spin.log 2>&1 &&
		"$compiler" -w "$optimise" -DSAFETY -DNOFAIR "$how" -o pan pan.c &&
		./pan "-m$depth" "-w$table" > pan.log 2>&1 &&
		! grep -q 'max search depth too small' pan.log &&
		sed -n 's/.*errors: \([0-9]*\).*/errors: \1/p; s/^ *\([0-9]*\) states, stored.*/states: \1/p' pan.log | paste -sd ' '
}

# expect ERRORS NAME MODEL SWITCH...
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

# remove MODEL RULE...
remove()
{
	local model=$1 rule
	shift
	for rule; do
		expect 1 "a violation is found in gate_$model.pml with $rule" "$model" "-D$rule"
	done
}

# shellcheck disable=SC2086 # lists of words
set -- $frames $tables $share $user $kernel $nmi
echo "1..$(($# + 8))"
optimise=-O1 how=-DCOLLAPSE depth=4000000 table=22
for model in frames tables share user kernel nmi; do
	expect 0 "all rules hold in every state of gate_$model.pml" "$model"
done
expect 0 'all rules hold in every state of gate_user.pml, KAISER off' user -DKAISER=0
expect 1 'a violation is found in gate_user.pml, KAISER off, with LAZY_NO_KAISER' user -DKAISER=0 -DLAZY_NO_KAISER
optimise=-O0 how=-DNOREDUCE depth=500000 table=18
# shellcheck disable=SC2086
{
	remove frames $frames
	remove tables $tables
	remove share $share
	remove user $user
	remove kernel $kernel
	remove nmi $nmi
}
