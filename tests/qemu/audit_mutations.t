#!/bin/bash
# The audit, broken in every way of tests/model/audit_mutations.txt: each must fail a suite on the audit.
# needs: direct
. "$(dirname "$0")/lib.sh"
release_only
exec perl tests/qemu/audit_mutations.pl "$work"
