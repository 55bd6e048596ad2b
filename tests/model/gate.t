#!/bin/bash
# Checks the models of the gate (docs/gate.md) with Spin: every state with all rules, and a violation for each rule removed:
# a quarter of the rules of each model in turn, in `make soak` all.
# needs: model
. "$(dirname "$0")/spin.sh"
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
consent='CONSENT_FOREIGN CONSENT_NEW WITHDRAW_PRESENT GIVE_UNOFFERED GIVE_UNACCEPTED GIVE_DYING GIVE_SHARED GIVE_MARKED
	ONE_LOCK ASK_OUTSIDE PARK_ANY PARK_RUN MOVE_MARKED MOVE_FOREIGN FORK_MARKED FORK_ALONE PROTECT_ANY REST_FULL
	REST_OWING NEW_ANYBODY FRESH_ANYBODY FREE_UNLOCKED FREE_LOADED'
program='BIND_FULL GIVE_PROGRAM WRITE_ANYWHERE LOAD_TOLD LOAD_MISSING EMPTY_KEEPS BECOME_OTHER BECOME_EARLY BECOME_UNWRITTEN
	WHOLE_THEN_PUBLISH PUBLISH_THEN_OWE DIE_OWING REST_FULL'
calls='NO_FOLLOW FOLLOW_UNASKED BIND_OUTSIDE BIND_NEVER BECOME_SHARED BECOME_UNLOCKED PUT_UNLOCKED BLOCKS_STAY NUMBERS_SHARED
	NOTE_ALONE'
again='GO_ON ROW_LATE ROW_SHORT LOAD_ORDINARY BIT_BEFORE ARGUMENT_LOST ROW_OF_ONE BY_STACK'
# shellcheck disable=SC2086 # lists of words
for list in frames tables share user kernel nmi consent program calls again; do
	mapfile -t rules < <(rotate 4 ${!list})
	printf -v "$list" '%s ' "${rules[@]}"
done
prefix=-D

# remove MODEL RULE...
remove()
{
	local model=$1 rule
	shift
	for rule; do
		expect 1 "a violation is found in gate_$model.pml with $rule" "gate_$model" "$prefix$rule"
	done
}

# shellcheck disable=SC2086 # lists of words
set -- $frames $tables $share $user $kernel $nmi $consent $program $calls $again
echo "1..$(($# + 12))"
optimise=-O1 how=-DCOLLAPSE depth=4000000 table=22
for model in frames tables share user kernel nmi; do
	expect 0 "all rules hold in every state of gate_$model.pml" "gate_$model"
done
expect 0 'all rules hold in every state of gate_user.pml, KAISER off' gate_user -DKAISER=0
expect 1 'a violation is found in gate_user.pml, KAISER off, with LAZY_NO_KAISER' gate_user -DKAISER=0 -DLAZY_NO_KAISER
how=-DNOREDUCE # all is shared, so there is nothing to reduce
for model in consent program calls again; do
	expect 0 "all rules hold in every state of gate_$model.pml" "gate_$model"
done
optimise=-O0 depth=500000 table=18
# shellcheck disable=SC2086
{
	remove frames $frames
	remove tables $tables
	remove share $share
	remove user $user
	remove kernel $kernel
	remove nmi $nmi
	prefix=-DWITHOUT=
	remove consent $consent
	remove program $program
	remove calls $calls
	remove again $again
}
