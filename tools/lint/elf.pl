#!/usr/bin/perl
# elf.pl KERNEL: the linked kernel. CR3 is written in the allowed functions only, relocations are relative only,
# no segment is writable and executable.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin;
use Lint;

my $kernel = shift or die "usage: elf.pl KERNEL\n";
my ($allowed) = map { $_->[0] } rules('elf-cr3');

sub output_of {
	my @command = @_;
	open my $pipe, '-|', @command or die "lint: $command[0]: $!\n";
	my @lines = <$pipe>;
	close $pipe or die "lint: @command failed\n";
	return @lines;
}

my $function = '?';
for my $line (output_of('objdump', '-d', '--no-show-raw-insn', $kernel)) {
	$function = $1 if $line =~ /^[0-9a-f]+ <([^>]+)>:/;
	if ($line =~ /^\s*([0-9a-f]+):\s+mov\s+%\w+,%cr3/ && $function !~ /^(?:$allowed)$/) {
		violation($kernel, 1, "$function writes CR3 at $1");
	}
}

for my $line (output_of('readelf', '-rW', $kernel)) {
	next unless $line =~ /^[0-9a-f]{16}\s+[0-9a-f]+\s+(R_\S+)/;
	violation($kernel, 1, "relocation $1") unless $1 eq 'R_X86_64_RELATIVE';
}

my $nr_segments = 0;
for my $line (output_of('readelf', '-lW', $kernel)) {
	next unless $line =~ /^\s+LOAD\s+(?:0x[0-9a-f]+\s+){5}([RWE ]{3})/;
	my $rights = $1;
	$nr_segments++;
	violation($kernel, 1, "a segment is writable and executable") if $rights =~ /W/ && $rights =~ /E/;
}
violation($kernel, 1, 'no LOAD segment') unless $nr_segments;
finish();
