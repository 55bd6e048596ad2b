# What the lint checks share: the rules, the sources, and reporting.
package Lint;
use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(dirname);
use File::Find qw(find);

our @EXPORT = qw(rules sources looked_at read_source without_comments matches_glob violation finish);

my $nr_violations = 0;
my $nr_looked_at = 0;

# rules('boundary') gives a list of rows, each a list of fields behind the keyword.
sub rules {
	my ($keyword) = @_;
	my @rows;
	open my $file, '<', dirname(__FILE__) . '/rules' or die "lint: rules: $!\n";
	while (my $line = <$file>) {
		chomp $line;
		next unless $line =~ s/^\Q$keyword\E\b\s*(?:\|\s*)?//;
		push @rows, [split /\s+\|\s+/, $line];
	}
	die "lint: no rule called $keyword\n" unless @rows;
	return @rows;
}

# What a check goes through: of a check that went through nothing, `clean` of tests/lint/lib.sh believes nothing.
sub looked_at { $nr_looked_at += shift }

# Paths below the current folder that match the pattern, sorted.
sub sources {
	my ($pattern, @folders) = @_;
	my @found;
	find({ no_chdir => 1, wanted => sub { push @found, $_ if -f && /$pattern/ } }, grep { -d } @folders);
	looked_at(scalar @found);
	return sort @found;
}

sub read_source {
	my ($path) = @_;
	open my $file, '<', $path or die "lint: $path: $!\n";
	local $/;
	return scalar <$file>;
}

# Comments of C, or of NASM, become blank; line numbers stay. Strings stay: inline assembly is in them.
sub without_comments {
	my ($text, $path) = @_;
	if ($path =~ /\.(asm|inc)$/) {
		$text =~ s/;.*$//mg;
		return $text;
	}
	$text =~ s{("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(/\*.*?\*/)|//[^\n]*}{
		defined $1 ? $1 : defined $2 ? $2 =~ tr/\n//cdr : ''
	}gse;
	return $text;
}

sub matches_glob {
	my ($path, $glob) = @_;
	my $pattern = quotemeta $glob;
	$pattern =~ s/\\\*/.*/g;
	$pattern =~ s/\\\[(\w+)\\\]/[$1]/g;
	return $path =~ /^$pattern$/;
}

sub violation {
	my ($path, $line, $message) = @_;
	print "$path:$line: $message\n";
	$nr_violations++;
}

# LINT_COUNT=1: says how much was looked at.
sub finish {
	print "looked at $nr_looked_at\n" if $ENV{LINT_COUNT};
	exit($nr_violations ? 1 : 0);
}

1;
