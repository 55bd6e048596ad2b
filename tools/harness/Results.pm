# What is known of earlier runs: build/test.json has the last result of each test, tests/lengths the seconds of each for a
# tree in which nothing was run yet.
package Results;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use Output 'write_output';
our @EXPORT_OK = qw(results_load results_save failed_names by_length lengths_write);

use constant LENGTHS => 'tests/lengths';

# name => { name, passed, failed, skipped, seconds }, of the tests that there are
sub results_load {
	my ($path, $tests) = @_;
	open my $file, '<', $path or return {};
	local $/;
	my $last = eval { JSON::PP->new->decode(scalar <$file>) } // {};
	return { map { $_->{name} => $_ } grep { $tests->{ $_->{name} } } @{ $last->{tests} // [] } };
}

# Kept at once or not at all: an interrupted run leaves what it found, and what is known of the others.
sub results_save {
	my ($path, $results, $seconds) = @_;
	my %sum = (passed => 0, failed => 0);
	my @rows = map { $results->{$_} } sort keys %$results;
	for my $row (@rows) {
		$sum{$_} += $row->{$_} for keys %sum;
	}
	write_output($path, JSON::PP->new->canonical->pretty->encode({ %sum, seconds => sprintf('%.1f', $seconds) + 0, tests => \@rows }));
}

sub failed_names {
	my ($results) = @_;
	return grep { $results->{$_}{failed} } sort keys %$results;
}

sub lengths_read {
	open my $file, '<', LENGTHS or return {};
	return { map { /^([\w\/]+)\s+([\d.]+)$/ ? ($1 => $2) : () } <$file> };
}

# The longest first, so that none is left alone at the end: by the last run, or by the table.
sub by_length {
	my ($results, @names) = @_;
	my $table = lengths_read();
	my %seconds = map { $_ => ($results->{$_} ? $results->{$_}{seconds} : $table->{$_}) // 0 } @names;
	return sort { $seconds{$b} <=> $seconds{$a} || $a cmp $b } @names;
}

# The table anew, of what takes a second or more.
sub lengths_write {
	my ($results) = @_;
	my $text = "# Seconds that a test takes, for the first run in a tree. tools/test --keep-lengths writes this of build/test.json.\n";
	for my $name (by_length($results, keys %$results)) {
		$text .= sprintf "%-24s %.0f\n", $name, $results->{$name}{seconds} if $results->{$name}{seconds} >= 1;
	}
	write_output(LENGTHS, $text);
}

1;
