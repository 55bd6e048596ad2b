#!/bin/bash
# The same ISO boots by UEFI firmware.
# needs: iso efi
. "$(dirname "$0")/lib.sh"
export BOOT=iso EFI=1
release_only

boot 'vuln=on' 'echo it lives; audit'
like "$output" '^violations +0 ' 'boots by UEFI firmware'
is "$(head -n 1 <<<"$output")" 'it lives' 'nothing of the firmware is on the console'
is "$status" 0 'the audit finds no violation under UEFI'

done_testing
