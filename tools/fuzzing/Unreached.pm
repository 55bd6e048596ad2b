# Why functions are not entered by the fuzzer: tests/fuzz/unreached has a line for each reason, `PATTERN | REASON`, where
# PATTERN is a shell pattern of PATH:FUNCTION.
package Unreached;
use strict;
use warnings;
use Exporter 'import';
use Output 'write_output';
our @EXPORT_OK = 'unreached_report';

use constant TABLE => 'tests/fuzz/unreached';

sub regex_of {
	my ($pattern) = @_;
	my $regex = join '', map { $_ eq '*' ? '.*' : $_ eq '?' ? '.' : quotemeta } split //, $pattern;
	return qr/\A$regex\z/;
}

# [{pattern, regex, reason}], in the order of the table; the first that fits counts
sub unreached_read {
	open my $in, '<', TABLE or die TABLE . ": $!\n";
	my @rows;
	while (<$in>) {
		next if /^#|^\s*$/;
		my ($pattern, $reason) = /^(\S+)\s*\|\s*(\S.*?)\s*$/ or die TABLE . ":$.: must be PATTERN | REASON\n";
		push @rows, { pattern => $pattern, regex => regex_of($pattern), reason => $reason };
	}
	return @rows;
}

# Writes what each function has left, and returns those that were never entered and have no reason.
sub unreached_report {
	my ($path, $coverage) = @_;
	my @rows = unreached_read();
	my (@lines, @open);
	my $functions = $coverage->{functions};
	for my $name (sort keys %$functions) {
		my $it = $functions->{$name};
		next if $it->{taken} == $it->{edges};
		my ($row) = grep { $name =~ $_->{regex} } @rows;
		my $reason = $row ? $row->{reason} : '';
		push @open, $name if !$it->{reached} && !$row;
		push @lines, sprintf "%-70s %3d of %3d edges%s\n", $name, $it->{taken}, $it->{edges},
			$it->{reached} ? '' : '  not entered: ' . ($row ? $row->{reason} : 'NO REASON');
	}
	write_output($path, join '', @lines);
	return @open;
}

1;
