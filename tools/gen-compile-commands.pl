#!/usr/bin/perl
# Reads the commands that make would run and writes compile_commands.json to stdout.
#?usage: make --dry-run ... | tools/gen-compile-commands.pl > compile_commands.json
use strict;
use warnings;

use Cwd qw(getcwd);
use FindBin '$Bin';
use JSON::PP ();
use lib "$Bin/lib";
use Usage 'no_arguments';

no_arguments();
my $folder = getcwd();
my @entries;
while (my $line = <STDIN>) {
	chomp $line;
	next unless $line =~ /(?:^\s*|; )(\S*(?:gcc|cc) [^;]* -c -o \S+ (\S+\.c)) 2>/;
	push @entries, { directory => $folder, command => $1, file => $2 };
}
print JSON::PP->new->canonical->pretty->encode(\@entries);
