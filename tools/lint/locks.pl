#!/usr/bin/perl
# "Caller holds" a lock, says the comment of a function: then it asserts so, by lock_is_held in its body. A comment before a
# declaration counts for the definition, wherever that is; one that begins a header, for all that the header declares.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin;
use Lint;

my $comment = qr{/\*(?:[^*]|\*(?!/))*\*/}s;
my $head = qr/^[a-zA-Z_][^\n;{}=#]*\([^;{}=#]*\)[^;{}=#()]*(?=[;{])/m;
# What knows no lock.
my %exempt = map { $_->[0] => 1 } rules('lock_exempt');

sub name_of { return $_[0] =~ s/__attribute__\(\(.*?\)\)//sr =~ /(\w+)\s*\(/ ? $1 : '' }

my (%holds, %body);
for my $path (sources(qr/\.(c|h)$/, 'kernel')) {
	my $text = read_source($path);

	while ($text =~ /$head/g) {
		my ($start, $end, $name) = ($-[0], $+[0], name_of($&));
		my $before = substr $text, 0, $start;
		my $line = 1 + $before =~ tr/\n//;
		my $own = $before =~ /($comment)\s*\z/ ? $1 : '';
		# the comment at the head of a file is not a function's
		$holds{$name} //= [$path, $line] if ($own && length($before) > length($own) + 2 && says($own));
		if (substr($text, $end) =~ /\A\{(?:([^\n]*)\}\n|(.*?)^\})/ms) {
			$body{$name} .= $1 // $2;
		}
	}
}

sub says { return $_[0] =~ /[Cc]aller(?:\s|\*)+holds/ }

for my $name (sort keys %holds) {
	next if !defined $body{$name} || $exempt{$name};
	violation(@{ $holds{$name} }, "$name: its caller holds a lock, and nothing here asserts lock_is_held")
		unless $body{$name} =~ /lock_is_held/;
}
finish();
