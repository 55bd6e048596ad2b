#!/usr/bin/perl
# Every row of a table in kernel/abi is used: counters are counted, options are read, system calls exist,
# lock ranks are held, status codes are returned.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin;
use Lint;

# table => [row pattern with the name in group 1, pattern of a use with NAME in it]
my %tables = (
	'kernel/abi/counters.def' => [qr/^COUNTER\((\w+)/, '\bCOUNT(?:_N)?\(NAME\b|\bCOUNTER_NAME\b'],
	'kernel/abi/options.def' => [qr/^OPTION\((\w+)/, '\boptions\.NAME\b|\bNAME_\w+'],
	'kernel/abi/syscalls.def' => [qr/^SYSCALL(?:_WITH_REGS)?\(\w+,\s*(\w+)/, '\bsys_NAME\b'],
	'kernel/abi/status.def' => [qr/^STATUS\((\w+)/, '\bSTATUS_NAME\b|\bNAME\b'],
);

my $code = join "\n", map { without_comments(read_source($_), $_) } sources(qr/\.(c|h|asm)$/, 'kernel', 'user');

for my $table (sort keys %tables) {
	next unless -e $table;
	my ($row, $use) = @{$tables{$table}};
	my @lines = split /\n/, read_source($table);
	for my $i (0 .. $#lines) {
		next unless $lines[$i] =~ $row;
		my $name = $1;
		my $pattern = $use =~ s/NAME/$name/gr;
		violation($table, $i + 1, "$name is in the table and nowhere else") unless $code =~ /$pattern/;
	}
}
finish();
