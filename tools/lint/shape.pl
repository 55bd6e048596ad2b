#!/usr/bin/perl
# The shape of files: lengths, braces, own header first, headers once.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin;
use Lint;

my %limit = map { $_->[0] => $_->[1] } rules('limit');

sub columns {
	my ($line) = @_;
	1 while $line =~ s/^([^\t]*)\t/$1 . ' ' x (8 - length($1) % 8)/e;
	return length $line;
}

sub check_lines {
	my ($path, @lines) = @_;
	my $start;
	violation($path, $limit{'file-lines'}, scalar(@lines) . ' lines in one file') if @lines > $limit{'file-lines'};
	for my $i (0 .. $#lines) {
		my $line = $lines[$i];
		my $columns = columns($line);
		violation($path, $i + 1, "$columns columns") if $columns > $limit{columns};
		violation($path, $i + 1, 'blanks at the end of the line') if $line =~ /[ \t]$/;
		$start = $i if $line =~ /^\{/;
		if (defined $start && $line =~ /^\}/) {
			my $nr = $i - $start - 1;
			violation($path, $start + 1, "function of $nr lines") if $nr > $limit{'function-lines'};
			undef $start;
		}
	}
}

# Every if, else, for and while has braces.
sub check_braces {
	my ($path, @code) = @_;
	for my $i (0 .. $#code) {
		next if $code[$i] =~ /\\$/ || $code[$i] =~ /^\s*#/;
		my $statement = $code[$i];
		next unless $statement =~ /^\s*(?:\}\s*)?(?:else\b|if\s*\(|for\s*\(|while\s*\()/;
		my $j = $i;
		while ($j < $#code && ($statement =~ tr/(//) > ($statement =~ tr/)//)) {
			$statement .= $code[++$j];
		}
		next if $statement =~ /\{/;
		next if $statement =~ /^\s*\}\s*while\s*\(/;
		violation($path, $i + 1, 'a body without braces');
	}
}

sub check_includes {
	my ($path, $text) = @_;
	violation($path, 1, 'no #pragma once') if $path =~ /\.h$/ && $text !~ /^#pragma once$/m;
	return unless $path =~ m{^kernel/(.*)\.c$};
	my $own = "$1.h";
	return unless -e "kernel/$own";
	my ($first) = $text =~ /^#include\s+["<]([^">]+)[">]/m;
	violation($path, 1, "the first #include must be $own") if ($first // '') ne $own;
}

for my $path (sources(qr/\.(c|h)$/, 'boot', 'kernel', 'user', 'tests')) {
	my $text = read_source($path);
	check_lines($path, split /\n/, $text);
	check_braces($path, split /\n/, without_comments($text, $path));
	check_includes($path, $text);
	violation($path, 1, 'does not begin with a comment that says its job') if $text !~ m{\A/\*};
}
finish();
