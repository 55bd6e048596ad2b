#!/usr/bin/perl
# Prints what the first comments of tests/host/*.c say, and lists that they name, as words for make: NAME:SOURCE, NAME!FLAG, and NAME+FLAG for
# flags of the linker, which stand among the sources.
#?usage: tools/gen-host-words.pl
use strict;
use warnings;
use File::Basename 'basename';
use FindBin '$Bin';
use lib "$Bin/lib";
use HostWords 'host_words';
use Usage 'no_arguments';

no_arguments();
for my $path (glob 'tests/host/*.c') {
	my $text = do { local (@ARGV, $/) = ($path); <> };
	my $name = basename($path, '.c');
	print $name, /^-/ ? '+' : ':', "$_\n" for host_words($text);
	print "$name!$_\n" for map { split } $text =~ m{^/\*\s*flags:(.*?)\*/}mg;
}
