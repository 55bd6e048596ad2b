#!/bin/bash
# Machines with memory at odd places, or with more than the host has: what the kernel needs of it may lie anywhere, holes cost
# nothing, and what does not pay is left out and said. tests/host/ram.c has the maps that no emulator gives.
# needs: direct
. "$(dirname "$0")/lib.sh"

# What programs have: filled in by `figures`, of `mem -j`.
figures() {
	usable=$(sed -n 's/.*"usable": \([0-9]*\).*/\1/p' <<<"$output")
	pfn_end=$(sed -n 's/.*"pfn_end": \([0-9]*\).*/\1/p' <<<"$output")
}

# at_1_tib SIZE COMMAND: 256 MiB from 0 on, the rest of SIZE at 1 TiB, where QEMU has it with a processor of AMD's once
# memory could be plugged in up to there.
at_1_tib() {
	CPU=max,phys-bits=48 MACHINE=pc,max-ram-below-4g=256M MEM=257M QEMU_ARGS="-m $1,maxmem=1100G,slots=1" boot 'vuln=on' "$2"
	figures
}

unused='bulwark: memory: [0-9]+ KiB left out'

# State of frames: the last quarter of kernel space, with the page tables that lead there. The first range of kernel space lies
# in its first GiB. Prints the KiB mapped there, and the bytes for each frame of 1 GiB.
state_of_frames() {
	perl -e 'my ($first, $kib, %tables);
		while (<>) {
			my ($start, $end) = /^(\w{16}) (\w{16}) .* kernel space / or next;
			($start, $end) = (hex $start, hex $end);
			$first //= $start;
			next if $start - $first < 383 << 30;
			$kib += $end - $start >> 10;
			for my $shift (21, 30) {
				$tables{"$shift $_"} = 1 for $start >> $shift .. $end - 1 >> $shift;
			}
		}
		printf "%d %.2f\n", $kib, ($kib * 1024 + 4096 * keys %tables) / (1 << 18)'
}

SMP=2 MEM=1G boot 'ptprot=pks' 'ptdump kernel'
read -r kib bytes_each < <(state_of_frames <<<"$output")
diag "$bytes_each bytes of state for each frame"
# three pages a processor; seven where there are assertions
pages_of_gate=3
[ "$BUILD" = release ] || pages_of_gate=7
gate_stacks=$((2 * pages_of_gate * 4))
like "$(<"$log")" "of these $((kib - gate_stacks)) KiB in the frame table" \
	'with 1 GiB what is mapped for frames is what the kernel reports, and what the gate has of each processor'
is "$(perl -e 'print $ARGV[0] > 19 && $ARGV[0] <= 20' "$bytes_each")" 1 'with the page tables that is at most 20 bytes for each frame'

SMP=2 MACHINE=pc,max-ram-below-4g=128M MEM=16G boot 'vuln=on' 'mem -j; attack ret2dir_obj'
figures
is "$status" 0 'boots with 16 GiB, of which 128 MiB lie below 4 GiB'
is "$((usable > 4190000))" 1 "and uses nearly all of it: $usable frames"
like "$output" 'ret2dir_obj: FAULT' 'and an attack is stopped'
unlike "$(<"$log")" "$unused" 'nothing is left out'
MACHINE=pc,max-ram-below-4g=128M MEM=2G boot '' 'audit'
is "$status" 0 'with 128 MiB below 4 GiB the audit finds nothing'

at_1_tib 262160k 'mem -j; audit'
is "$status" 0 'boots with 16 KiB at 1 TiB'
is "$((pfn_end <= 65536))" 1 'which are not used'
like "$(<"$log")" \
	'bulwark: memory: 16 KiB left out, 1 piece between 0x10000000000 and 0x10000004000: page tables and frame table would take more' \
	'and are said to be left out, where, and why'
without=$usable

# They go through 2^28 frames several times over: in the release build one of them, in turn; in `make soak` both, in both builds.
filled=
if [ "$BUILD" = release ] || [ -n "$(soak 1 '')" ]; then
	filled=$(rotate 2 t_frame_map t_reunite | sed 's/^/; root /' | tr -d '\n')
fi
at_1_tib 257M "mem -j; audit$filled"
is "$status" 0 "boots with a bank of 1 MiB at 1 TiB: the audit finds nothing${filled:+, and memory can be filled}"
is "$pfn_end" "$(((1 << 28) + 256))" 'the bank is known'
is "$((usable - without))" 256 'and used, all of it'
like "$(<"$log")" 'of these 1[0-9][0-9][0-9] KiB in the frame table' 'the hole takes no frame table'
unlike "$(<"$log")" "$unused" 'nothing is left out'

[ "$BUILD" = debug ] || {
	size=$(soak 400 40)
	# less below 4 GiB than page tables for all of it take, 80 MiB and more
	MACHINE=pc,max-ram-below-4g=64M MEM=${size}G boot '' 'mem -j; echo it lives'
	figures
	is "$status" 0 "boots with $size GiB"
	like "$output" 'it lives' 'and runs programs'
	is "$((usable > size * 262144 - 1024))" 1 "nearly all is usable: $usable frames"
	unlike "$(<"$log")" "$unused" 'nothing is left out'
}

done_testing
