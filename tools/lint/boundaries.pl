#!/usr/bin/perl
# What only a few files may do is done in those files only.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin;
use Lint;

my @boundaries = rules('boundary');

for my $path (sources(qr/\.(c|h|asm)$/, 'boot', 'kernel')) {
	my $text = read_source($path);
	my @code = split /\n/, without_comments($text, $path);
	my @all = split /\n/, $text;
	for my $row (@boundaries) {
		my ($name, $pattern, $allowed, $why) = @$row;
		next if grep { matches_glob($path, $_) } split ' ', $allowed;
		my $lines = $name =~ /^own-/ ? \@all : \@code;
		for my $i (0 .. $#$lines) {
			violation($path, $i + 1, "$name: $why") if $lines->[$i] =~ /$pattern/;
		}
	}
}
finish();
