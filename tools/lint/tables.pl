#!/usr/bin/perl
# Tables: every .def file is one that tools/lib/Def.pm knows, and is read by that alone; every row of a table in kernel/ is
# used: counters are counted, options are read, system calls exist, lock ranks are held, status codes are returned.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin, "$Bin/../lib";
use Def qw(rows table_names table_of macros_of);
use Lint;

# table => pattern of a use with NAME in it
my %use_of = (
	counters => '\bCOUNT(?:_N)?\(NAME\b|\bCOUNTER_NAME\b',
	lock_ranks => '\bRANK_NAME\b',
	options => '\boptions\.NAME\b|\bNAME_\w+',
	status => '\bSTATUS_NAME\b|\bNAME\b',
	syscalls => '\bsys_NAME\b',
);

# Rows that cannot be read are a violation like others.
sub rows_or_violation {
	my ($table, $path) = @_;
	my @rows = eval { rows($table, $path) };
	if ($@) {
		my ($file, $line, $message) = $@ =~ /^(.*?):(\d+): (.*)/s ? ($1, $2, $3) : ($path, 1, $@);
		violation($file, $line, $message =~ s/\n\z//r);
	}
	return @rows;
}

my $code = join "\n", map { without_comments(read_source($_), $_) } sources(qr/\.(c|h|asm)$/, 'kernel', 'user');
for my $path (sources(qr/\.def$/, qw(boot kernel user tests tools))) {
	my $table = table_of($path);
	if (!defined $table) {
		violation($path, 1, 'tools/lib/Def.pm does not know this table');
		next;
	}
	for my $row (rows_or_violation($table, $path)) {
		my $pattern = ($use_of{$table} // next) =~ s/NAME/$row->{name}/gr;
		violation($path, $row->{line}, "$row->{name} is in the table and nowhere else") unless $code =~ /$pattern/;
	}
}

# The name of a macro behind the start of a line in a pattern, its parenthesis escaped or not.
my $macros = join '|', map { macros_of($_) } table_names();
for my $path (sources(qr/./, 'tools', 'tests')) {
	next if -B $path;
	my @lines = split /\n/, read_source($path);
	for my $i (grep { $lines[$_] =~ /\^\(?(?:\?:)?(?:$macros)\b[^ ]*\(/ } 0 .. $#lines) {
		violation($path, $i + 1, 'a table is read by a pattern: take tools/lib/Def.pm, or tools/def');
	}
}
finish();
