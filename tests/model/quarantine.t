#!/bin/bash
# Checks quarantine.pml with Spin: every state of the protocol as it is, and a violation for each rule removed.
# needs: model
. "$(dirname "$0")/spin.sh"

echo 1..12
expect 0 'no stale use in any state, KAISER on' quarantine -DKAISER=1
expect 0 'no stale use in any state, KAISER off' quarantine -DKAISER=0
for rule in NO_FENCE CHECK_FIRST NO_CHECK FLUSH_FIRST SEEN_FIRST LEAVE_FIRST NO_WAIT NO_SELF EARLY_COUNT NO_BARRIER; do
	expect 1 "a stale use is found with $rule" quarantine -DKAISER=0 -D$rule
done
