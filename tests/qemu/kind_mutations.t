#!/bin/bash
# Faults of the kinds that tests once missed, planted one by one: each must be noticed.
# needs: direct
. "$(dirname "$0")/lib.sh"
[ "$BUILD" = debug ] && [ "${SOAK:-0}" != 0 ] || skip_all 'a soak of the debug build'
exec perl tests/qemu/kind_mutations.pl "$work"
