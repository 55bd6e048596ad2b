#!/usr/bin/perl
# Prints what the first comments of tests/host/*.c say, and lists that they name, as words for make: NAME:SOURCE, NAME!FLAG, and NAME+FLAG for
# flags of the linker, which stand among the sources.
#?usage: tools/gen-host-words.pl
use strict;
use warnings;
use File::Basename 'basename';
use FindBin '$Bin';
use lib "$Bin/lib";
use Usage 'no_arguments';

# The words of a list: one that ends in .list is the file of more.
sub words {
	return map { /\.list$/ ? words(do { local (@ARGV, $/) = ($_); split ' ', <> }) : $_ } @_;
}

no_arguments();
for my $path (glob 'tests/host/*.c') {
	my $text = do { local (@ARGV, $/) = ($path); <> };
	my $name = basename($path, '.c');
	print $name, /^-/ ? '+' : ':', "$_\n" for $text =~ m{\A/\*[\s*]*sources:(.*?)\*/}s ? words(grep { $_ ne '*' } split ' ', $1) : ();
	print "$name!$_\n" for map { split } $text =~ m{^/\*\s*flags:(.*?)\*/}mg;
}
