#!/bin/bash
# The same ISO boots by UEFI firmware.
# needs: iso efi
. "$(dirname "$0")/lib.sh"
export BOOT=iso EFI=1
release_only

boot 'vuln=on' 'echo it lives'
is "$status" 0 'boots by UEFI firmware'
is "$output" 'it lives' 'nothing of the firmware is on the console'

boot 'vuln=on' 'audit'
is "$status" 0 'the audit finds no violation under UEFI'

done_testing
