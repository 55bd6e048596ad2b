#!/usr/bin/perl
# The kernel's symbol table as GNU assembler source, from the output of `nm -n` on stdin.
#?usage: nm -n KERNEL | tools/gen-symbols.pl > symbols.S
# Empty input gives an empty table. The layout is that of struct table in kernel/core/symbols.c:
# a count, per symbol the offsets of its address and of its name, then the names.
use strict;
use warnings;
no warnings "portable"; # addresses have 64 bits
use FindBin '$Bin';
use lib "$Bin/lib";
use Usage 'no_arguments';

no_arguments();

# Labels inside of an assembly routine ("memmove.words") are left out, parts of a C function stay.
my $compiler_suffix = qr/\.(?:part|constprop|isra|cold)(?:\.|$)/;

my $image_start;
my @symbols;
while (<STDIN>) {
	my ($address, $type, $name) = /^([0-9a-f]{16}) (\w) (\S+)$/ or next;
	$image_start = hex $address if $name eq 'image_start';
	next if $type !~ /^[tT]$/ || ($name =~ /.\./ && $name !~ $compiler_suffix);
	push @symbols, [hex $address, $name];
}
if (@symbols && !defined $image_start) {
	die "gen-symbols: the input has no symbol image_start\n";
}
@symbols = sort { $a->[0] <=> $b->[0] || $a->[1] cmp $b->[1] }
	grep { $_->[0] >= $image_start } @symbols;

# A section's bounds name a place that a routine names better.
my %names_at;
push @{ $names_at{$_->[0]} }, $_->[1] for @symbols;
@symbols = grep { $_->[1] !~ /_(?:start|end)$/ || @{ $names_at{$_->[0]} } == 1 } @symbols;

print "\t.section .symbols, \"a\"\n";
print "\t.balign 4\n";
print "\t.globl symbols_table\n\t.hidden symbols_table\nsymbols_table:\n";
printf "\t.long %d\n", scalar @symbols;
my $name_offset = 0;
for my $symbol (@symbols) {
	printf "\t.long %#x, %#x\n", $symbol->[0] - $image_start, $name_offset;
	$name_offset += length($symbol->[1]) + 1;
}
print "\t.asciz \"$_->[1]\"\n" for @symbols;
print "\t.section .note.GNU-stack, \"\"\n";
