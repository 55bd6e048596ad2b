# A guest of BUILD=pcid under the replay: docs/pcid.md.
package Replay;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(replay test_archive);

# replay(KERNEL, FOLDER, CMD, KNOB => VALUE...): what the guest said, its status, the replay's lines on faults, and its counts.
sub replay {
	my ($kernel, $folder, $command, %knobs) = @_;
	local %ENV = (%ENV, BUILD => 'pcid', KERNEL => $kernel, CMD => $command, REPLAY => "$folder/replay", LOG => "$folder/log",
		%knobs);
	my $said = qx(tools/pcid 2>&1);
	my ($status, @faults, %counts) = ($? >> 8);
	open my $file, '<', "$folder/replay" or return ($said, $status, [], {});
	while (my $line = <$file>) {
		push @faults, $1 if $line =~ /^fault: (.*)/;
		$counts{$1} = $2 if $line =~ /^(\w+) (\d+)$/;
	}
	return ($said, $status, \@faults, \%counts);
}

# The boot archive with the programs of tests/qemu/programs.
sub test_archive {
	my $path = qx(make -s --no-print-directory print-archive EXTRA=tests/qemu/programs);
	chomp $path;
	return $path;
}

1;
