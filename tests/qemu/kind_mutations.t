#!/bin/bash
# Faults of the kinds that tests once missed, planted one by one: each must be noticed.
# needs: direct
. "$(dirname "$0")/lib.sh"
debug_only
[ -n "${SOAK:-}" ] || { skip 'a soak does it'; done_testing; exit; }
exec perl tests/qemu/kind_mutations.pl "$work"
