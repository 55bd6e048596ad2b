# What one boot of the matrix runs, and what is read from its output. No cell stays empty: an attack of which a boot
# says nothing is an ERROR.
package Cells;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use Made 'not_in_force';
our @EXPORT_OK = qw(command read_cells);

# What the guest tells beside the attacks, and which member of "guest" it becomes.
my @TELLINGS = ([options => 'options -j'], [map => 'map -j'], [kernel_root => 'ptdump -j kernel'], [shadow_root => 'ptdump -j shadow']);
my $MARK = '@@';

# The command line of a boot that runs these attacks, or all.
sub command {
	my (@names) = @_;
	return join '; ', "echo $MARK attacks", join(' ', 'attack -j all', @names),
		(map { ("echo $MARK $_->[0]", $_->[1]) } @TELLINGS), "echo $MARK end";
}

# The sections of the output: name => text. A guest that came to the end has one of that name.
sub sections {
	my ($output) = @_;
	my ($name, %sections) = ('');
	for my $line (split /\r?\n/, $output) {
		if ($line =~ /^\Q$MARK\E (\w+)$/) {
			$sections{$name = $1} = '';
		} else {
			$sections{$name} .= "$line\n";
		}
	}
	return %sections;
}

sub decode {
	my ($text) = @_;
	return scalar eval { JSON::PP->new->decode($text) };
}

# An attack a line.
sub outcomes {
	my ($text) = @_;
	my @cells = grep { $_ } map { decode(s/,$//r) } grep { /^\{/ } split /\n/, $text;
	return map { $_->{attack} => $_ } @cells;
}

sub missing {
	my ($name, $why) = @_;
	return { attack => $name, outcome => 'ERROR', expected => '-', stopped_by => '', as_expected => JSON::PP::false,
		observed => $why, defence => 'none', report => '', fault => undef, said => '', audit_violations => 0 };
}

# Fills in the cells of the step's rows, and what the column's first guest told. Returns the cells that are not as expected.
sub read_cells {
	my ($step, $cells, $guest) = @_;
	my $name = $step->{column}{name};
	my %sections = sections($step->{output} // '');
	my ($other) = not_in_force($step->{facts} // { options => {} }, $step->{options});
	# of another configuration than its name says, nothing counts
	my %outcomes = $other ? () : outcomes($sections{attacks} // '');
	my $why = $other ? $other : defined $sections{end} ? 'it was not run' : 'the machine ended before';
	my ($running) = ($sections{attacks} // '') =~ /^\{"attack": "([^"]+)"[^\n]*\n?\z/m;
	$step->{column}{error} = $step->{error} // "$name: it did not come to its end" unless defined $sections{end} && !$other;
	my @unexpected;
	$guest->{$name} //= { %{ $step->{facts} // {} }{qw(version processor)}, map { $_->[0] => decode($sections{ $_->[0] } // '') } @TELLINGS };
	for my $row (@{ $step->{attacks} }) {
		my $cell = $cells->{ $row->{name} }{$name} = $outcomes{ $row->{name} } // missing($row->{name},
			!defined $sections{end} && ($running // '') eq $row->{name} ? 'the machine ended in the middle of it' : $why);
		$cell->{with} = $step->{with} if length $step->{with};
		if ($cell->{audit_violations}) {
			$cell->{as_expected} = JSON::PP::false;
			$cell->{observed} .= "; then the audit found $cell->{audit_violations} violations";
		}
		next if $cell->{as_expected};
		push @unexpected, { attack => $row->{name}, configuration => $name, expected => $cell->{expected} // '-',
			outcome => $cell->{outcome}, observed => $cell->{observed}, stopped_by => $row->{stopped_by}, with => $step->{with} };
	}
	return @unexpected;
}

1;
