# generated: litmus: the table of the tests of tests/litmus/, with what each allows and forbids.
use strict;
use warnings;
use File::Basename 'basename';
use Page;

sub outcome_list { return join '; ', map { "`$_`" } @_ }

sub {
	my @rows;
	for my $path (sort glob 'tests/litmus/*.litmus') {
		my $text = read_file($path);
		my ($title) = $text =~ /^test (.*)/m or die "gen-docs: $path has no test line\n";
		my ($from) = $text =~ /^from (.*)/m or die "gen-docs: $path has no from line\n";
		my @allowed = $text =~ /^allowed (.*)/mg;
		my @forbidden = $text =~ /^forbidden (.*)/mg;
		my @where = ('machine', $text =~ /^runs guest$/m ? 'guest' : ());
		push @rows, ['[' . basename($path, '.litmus') . "](../$path)", $title, outcome_list(@allowed), outcome_list(@forbidden),
			$from, join(', ', @where)];
	}
	return table([qw(test what allowed forbidden from where)], @rows);
};
