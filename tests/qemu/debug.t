#!/bin/bash
# `make debug` stops at the kernel's first C line, with symbols.
# needs: iso debug
. "$(dirname "$0")/lib.sh"
release_only
claim_port
export BOOT=iso

said=$(printf '%s\n' 'backtrace 1' 'info line *$pc' 'walk kernel_main' 'stepi' 'kill' \
	| GDBPORT=$port make debug BUILD="$BUILD" 2>&1)
like "$said" 'kernel_main \(.*main\.c:[0-9]+' 'gdb stands in kernel_main and knows its source line'
like "$said" 'image runs at 0xffffffff' 'gdb says where the image runs'
like "$said" 'level 4 +511 .*RW X S' 'the page-walk command reads the loaded root'
like "$said" 'level 1 .* R X S|level 2 .* R X S .*large' "kernel text is mapped read-only and executable"

said=$(printf '%s\n' 'backtrace 1' 'kill' | GDBPORT=$port OPTS=kaslr=off make debug BUILD="$BUILD" 2>&1)
like "$said" "image runs at 0xffffffff80000000" 'gdb says where the image runs with kaslr=off'
like "$said" 'kernel_main \(.*main\.c:[0-9]+' 'and stands in kernel_main there'

GDB=0 GDBPORT=$port make debug BUILD="$BUILD" >"$work/said" 2>&1 </dev/null &
await $! says 'gdb .*bulwark.elf' "$work/said"
stop $!
like "$(<"$work/said")" "gdb .*bulwark.elf.*$port" 'GDB=0 says how to attach by hand'

done_testing
