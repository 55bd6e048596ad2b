# Boots the fuzzer in a guest, with its input written into its program, and reads what it tells.
package Boot;
use strict;
use warnings;
no warnings 'portable';
use Exporter 'import';
use File::Temp 'tempdir';
use IO::Socket::UNIX;
our @EXPORT_OK = qw(boot);

use constant { MARKER => '@fuzz-input@', INPUT_MAX => (1 << 19) - 1, LOAD_BASE => 0x100000 };
# Of silence, after which the machine counts as hung; the guest itself gives up after 90. And for its start and end.
use constant { SECONDS_OF_SILENCE => 120, SECONDS_MORE => 240, STATUS_PANIC => 124 };
# tests/fuzz/kernel/fuzz_abi.h
use constant { WORKERS => 8, NOTES => 8, NOTE_BYTES => 2048 };

# The archive, with the input in the fuzzer's program.
sub write_archive {
	my ($from, $to, $input) = @_;
	die "the input is too long: @{[length $input]} bytes\n" if length $input > INPUT_MAX;
	open my $in, '<:raw', $from or die "$from: $!\n";
	my $archive = do { local $/; <$in> };
	my $at = index $archive, MARKER;
	die "$from: it has no fuzzer\n" if $at < 0;
	substr($archive, $at, length($input) + 1) = "$input\0";
	open my $out, '>:raw', $to or die "$to: $!\n";
	print $out $archive;
	close $out or die "$to: $!\n";
}

sub start {
	my ($what, $dir) = @_;
	my $pid = open my $out, '-|' // die "fork: $!\n";
	return ($pid, $out) if $pid;
	delete @ENV{qw(VGA EFI EMU CPU MACHINE QEMU_ARGS ACCEL)};
	@ENV{qw(BOOT CMD TIMEOUT)} = ('direct', join('; ', $what->{before} // (), 'root fuzz'), $what->{seconds} + SECONDS_MORE + ($what->{patience} // 0));
	@ENV{qw(KERNEL ARCHIVE SMP MEM ICOUNT)} = (@$what{qw(kernel)}, "$dir/archive.tar", @$what{qw(smp mem)}, $what->{icount} // '');
	@ENV{qw(OPTS LOG MONITOR BUILD)} = ("ktest=on $what->{options}", "$dir/log", "$dir/monitor", 'fuzz');
	$ENV{QEMU_ARGS} = '-seed 1 -rtc base=2026-01-01,clock=vm' if length $ENV{ICOUNT};
	open STDIN, '<', '/dev/null';
	open STDERR, '>', "$dir/errors";
	exec 'tools/run' or die;
}

# What the kernel keeps of its workers' last sequences, read from a machine that is hung.
sub notes_of_hung {
	my ($what, $dir) = @_;
	my %at = map { /^([0-9a-f]+) \w (notes|image_start)$/ ? ($2 => hex $1) : () } qx(nm '$what->{kernel}');
	my $size = WORKERS * (NOTES * (NOTE_BYTES + 1) + 8);
	my $socket = IO::Socket::UNIX->new(Peer => "$dir/monitor") or return ();
	printf $socket "pmemsave 0x%x %d \"%s\"\n", $at{notes} - $at{image_start} + LOAD_BASE, $size + 64, "$dir/notes";
	$socket->flush;
	for (1 .. 50) {
		last if (-s "$dir/notes" // 0) >= $size;
		select undef, undef, undef, 0.1;
	}
	open my $file, '<:raw', "$dir/notes" or return ();
	my $notes = do { local $/; <$file> } // '';
	return $notes =~ m{([rpw]*/\d[\x21-\x7e]+;)}g;
}

sub read_file {
	my ($path) = @_;
	open my $file, '<', $path or return '';
	local $/;
	return <$file> // '';
}

# One line of the guest's. What sequences write may stand before it.
sub take_line {
	my ($result, $line, $on_progress) = @_;
	if ($line =~ /^\@([eb]) (.*)/) {
		push @{ $result->{ $1 eq 'e' ? 'edges' : 'edges_before' } }, split ' ', $2;
	} elsif ($line =~ /^\@c (\S+)/) {
		push @{ $result->{corpus} }, $1;
	} elsif ($line =~ /^\@s (\S+)/) {
		push @{ $result->{suspects} }, $1;
	} elsif ($line =~ /^\@f (.*)/) {
		$result->{failure} = $1;
	} elsif ($line =~ /^\@p (\d+) (\d+) (\d+) (\d+) (\d+)/) {
		@$result{qw(ms runs nr_edges nr_corpus batches)} = ($1, $2, $3, $4, $5);
		$on_progress->($result) if $on_progress;
	} elsif ($line =~ /^\@end/) {
		$result->{has_ended} = 1;
	}
}

# The lines, until the guest ends, or its time is over by this machine's clock. False: it is silent for too long.
sub read_lines {
	my ($out, $result, $deadline, $silence, $on_progress) = @_;
	my ($text, $bits) = ('', '');
	vec($bits, fileno $out, 1) = 1;
	while (1) {
		if (time > $deadline) {
			$result->{has_ended} = $result->{is_late} = 1;
			return 1;
		}
		return 0 unless select my $ready = $bits, undef, undef, $silence;
		return 1 unless sysread $out, $text, 1 << 16, length $text;
		take_line($result, $1 =~ s/\r//gr, $on_progress) while $text =~ s/^(.*)\n//;
	}
}

# What the machine said when it ended badly.
sub judge_end {
	my ($result, $dir, $status) = @_;
	my $log = read_file("$dir/log");
	my @notes = $log =~ /^fuzz: note \d+ (\S+)/mg;
	$result->{suspects} = \@notes unless @{ $result->{suspects} };
	if ($log =~ /^bulwark: panic: (.*?)\r?$/m) {
		$result->{failure} = "panic: $1";
		$result->{panic} = join "\n", grep { !/^fuzz: note/ } split /\r?\n/, substr $log, $-[0], 4000;
	} elsif (!$result->{has_ended} && !$result->{failure}) {
		$result->{failure} = $result->{is_hung} ? 'the machine hangs' : 'the machine ended, with status ' . ($status >> 8);
		my @said = grep { !/^fuzz: note/ } split /\r?\n/, $log . read_file("$dir/errors");
		$result->{panic} = join "\n", @said > 20 ? @said[-20 .. -1] : @said;
	}
}

# what: kernel, archive, smp, mem, options, seconds, settings {}, sequences [], icount, before, on_progress.
# edges, edges_before (what programs and suites took before the first sequence), corpus, runs, ms; where something is wrong failure, panic, suspects; `broken` where it could not be booted.
sub boot {
	my ($what) = @_;
	my $dir = tempdir('build/fuzz/run.XXXXXX', CLEANUP => 1);
	my %settings = (seconds => $what->{seconds}, %{ $what->{settings} // {} });
	my $input = join '', (map { "$_ $settings{$_}\n" } sort keys %settings), map { "$_\n" } @{ $what->{sequences} // [] };
	write_archive($what->{archive}, "$dir/archive.tar", $input);
	my $result = { edges => [], edges_before => [], corpus => [], suspects => [], runs => 0, output => '' };
	my ($pid, $out) = start($what, $dir);
	local $SIG{INT} = local $SIG{TERM} = sub { kill 'TERM', $pid; exit 130 };
	if (!read_lines($out, $result, time + $what->{seconds} + ($what->{patience} // SECONDS_MORE / 4), $what->{patience} // SECONDS_OF_SILENCE, $what->{on_progress})) {
		$result->{is_hung} = 1;
		$result->{suspects} = [notes_of_hung($what, $dir)];
	}
	kill 'TERM', $pid if $result->{is_hung} || $result->{is_late};
	close $out;
	my $status = $?;
	$result->{broken} = read_file("$dir/errors") if $status >> 8 == 2 && !$result->{runs} && !-s "$dir/log";
	judge_end($result, $dir, $status) unless defined $result->{broken};
	return $result;
}

1;
