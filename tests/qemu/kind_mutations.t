#!/bin/bash
# Faults of the kinds that tests once missed, planted one by one: each must be noticed. In a soak; else only their places in the
# code are looked for.
# needs: direct
. "$(dirname "$0")/lib.sh"
debug_only
exec perl tests/qemu/kind_mutations.pl "$work"
