#!/usr/bin/perl
# No #include goes to a higher floor.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin;
use Lint;

my @floors = sort { length $b->[1] <=> length $a->[1] } rules('floor');

sub floor {
	my ($path) = @_;
	for my $row (@floors) {
		return $row->[0] if index($path, $row->[1]) == 0;
	}
	return undef;
}

for my $path (sources(qr/\.(c|h|asm)$/, 'boot', 'kernel')) {
	my $mine = floor($path);
	if (!defined $mine) {
		violation($path, 1, 'stands on no floor: see the rules');
		next;
	}
	my @lines = split /\n/, read_source($path);
	for my $i (0 .. $#lines) {
		next unless $lines[$i] =~ /^\s*[#%]\s*include\s+"([^"]+)"/;
		my $included = $1;
		my $file = -e "boot/$included" && $path =~ m{^boot/} ? "boot/$included" : "kernel/$included";
		my $theirs = floor($file);
		if (defined $theirs && $theirs > $mine) {
			violation($path, $i + 1, "floor $mine includes $included of floor $theirs");
		}
	}
}
finish();
