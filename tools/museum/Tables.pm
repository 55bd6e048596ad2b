# The matrix as text: Markdown tables by group, and one table of letters for a terminal.
package Tables;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(markdown letters);

my %LETTER = (BREACH => 'B', FAULT => 'f', DENIED => 'd', NOTHING => 'n', SKIP => 's', ERROR => 'E');
my $LEGEND = 'B breach, f in-kernel fault, d denied, n no effect, s skipped, E error';

# Groups with one column of their own share a table: [title, column...].
sub groups {
	my ($matrix) = @_;
	my (%of, @order, @groups);
	for my $column (@{ $matrix->{configurations} }) {
		push @order, $column->{group} unless $of{ $column->{group} };
		push @{ $of{ $column->{group} } }, $column;
	}
	my @single = grep { $_ ne 'all' && @{ $of{$_} } == 1 } @order;
	my %is_single = map { $_ => 1 } @single;
	push @groups, ['All on, all off', @{ $of{all} }] if $of{all};
	push @groups, map { ["Variants of $_", @{ $of{$_} }] } grep { $_ ne 'all' && !$is_single{$_} } @order;
	push @groups, ['One defence off', map { @{ $of{$_} } } @single] if @single;
	return @groups;
}

# A cell that was run with another option besides has a mark.
sub mark { return length($_[0]{with} // '') ? '*' : '' }

# What the mark means: "xpfo_unflushed with ptprot=off"
sub marked {
	my ($matrix) = @_;
	my %said;
	for my $attack (sort keys %{ $matrix->{cells} }) {
		$said{"$attack with $_->{with}"} = 1 for grep { mark($_) } values %{ $matrix->{cells}{$attack} };
	}
	return sort keys %said;
}

sub cell_text {
	my ($cell) = @_;
	return $cell->{outcome} . mark($cell) =~ s/\*/\\*/r if $cell->{as_expected};
	my $expected = $cell->{expected} // '-';
	return "**$cell->{outcome}** (expected " . ($expected eq $cell->{outcome} ? 'a clean audit' : $expected) . ')';
}

sub table {
	my ($head, @rows) = @_;
	my @lines = map { '| ' . join(' | ', map { s/\|/\\|/gr } @$_) . ' |' } $head, @rows;
	splice @lines, 1, 0, '|' . '---|' x @$head;
	return join("\n", @lines) . "\n";
}

sub problem_text {
	my ($problem) = @_;
	return sprintf "%s, %s: %s, expected %s (stopped by: %s)\n  %s\n  by hand: %s\n",
		@$problem{qw(attack configuration outcome expected)}, $problem->{stopped_by} || 'nothing',
		@$problem{qw(observed by_hand)};
}

# Of each machine that did not come to its end, its last words.
sub boot_errors {
	my ($matrix) = @_;
	return map { $_->{error} // () } @{ $matrix->{configurations} };
}

sub list { return @_ ? ': ' . join('; ', @_) : '' }

sub summary {
	my ($matrix) = @_;
	my @skipped = @{ $matrix->{summary}{skipped} // [] };
	my @left_out = @{ $matrix->{left_out} // [] };
	return sprintf '%d cells, %d as expected, %d not, %d skipped%s; %d columns in %d s%s', @{ $matrix->{summary} }{qw(cells as_expected unexpected)},
		scalar @skipped, list(@skipped), scalar @{ $matrix->{configurations} }, $matrix->{summary}{seconds},
		@left_out ? '; columns left out' . list(@left_out) : '';
}

# With what it was made.
sub made_text {
	my ($made) = @_;
	return sprintf "Version %s, %s, on %s (%s), in %s.\n\n", @$made{qw(version date host host_processor)},
		join ' and ', map { $made->{emulators}{$_} } sort keys %{ $made->{emulators} };
}

# The whole matrix as a Markdown page.
sub markdown {
	my ($matrix) = @_;
	my $text = "# Attacks and variants of defences\n\n" . summary($matrix) . " ($matrix->{build} build).\n\n";
	$text .= made_text($matrix->{made}) if $matrix->{made};
	if (my @problems = @{ $matrix->{unexpected} }) {
		$text .= "## Not as expected\n\n" . join('', map { '- ' . problem_text($_) } @problems) . "\n";
		$text .= join '', map { "```\n$_\n```\n\n" } boot_errors($matrix);
	}
	for my $group (groups($matrix)) {
		my ($title, @columns) = @$group;
		my @rows = map { my $row = $_; [$row->{name}, map { cell_text($matrix->{cells}{ $row->{name} }{ $_->{name} }) } @columns] }
			@{ $matrix->{attacks} };
		$text .= "## $title\n\n" . table(['attack', map { "`$_->{name}`" } @columns], @rows) . "\n";
	}
	$text .= join '', map { "\\* $_: there the default would stop it in the place of the column's own option.\n\n" } marked($matrix);
	my @machines = map { ["`$_->{name}`", $_->{options} ? "`$_->{options}`" : '', $_->{emulator}, $_->{smp},
		join ', ', map { "`$_->{name}`" } @{ $_->{also} }] } @{ $matrix->{configurations} };
	$text .= "## The machines\n\nQEMU's processors have no PCIDs: there `kaiser=pcid` is `nopcid`, which flushes at every way into the "
		. "kernel and so hides most flaws that live of an old translation. Those show with `kaiser=off`.\n\n"
		. table(['configuration', 'options beside vuln=on', 'emulator', 'processors', 'the same machine as'], @machines);
	return $text;
}

# Names written downwards above their columns.
sub upright {
	my (@names) = @_;
	my $height = (sort { $b <=> $a } map { length } @names)[0];
	return map { my $i = $_; join ' ', map { substr sprintf("%${height}s", $_), $i, 1 } @names } 0 .. $height - 1;
}

sub coloured {
	my ($cell) = @_;
	my $letter = $LETTER{ $cell->{outcome} } // '?';
	$letter .= !$cell->{as_expected} ? '!' : mark($cell) || ' ';
	return $letter unless -t STDOUT;
	return $cell->{as_expected} ? sprintf "\e[%dm%s\e[0m", $cell->{outcome} eq 'BREACH' ? 31 : 32, $letter : "\e[41;97m$letter\e[0m";
}

# The whole matrix in letters, what is not as expected, and the summary.
sub letters {
	my ($matrix) = @_;
	my @columns = map { my ($title, @columns) = @$_; @columns } groups($matrix);
	my ($width) = sort { $b <=> $a } map { length $_->{name} } @{ $matrix->{attacks} };
	my $text = join '', map { ' ' x $width . "  $_\n" } upright(map { $_->{name} } @columns);
	for my $row (@{ $matrix->{attacks} }) {
		$text .= sprintf "%-*s  %s\n", $width, $row->{name},
			join('', map { coloured($matrix->{cells}{ $row->{name} }{ $_->{name} }) } @columns) =~ s/ $//r;
	}
	$text .= join '; ', "\n$LEGEND", '! not as expected', map { "* $_" } marked($matrix);
	$text .= "\n";
	$text .= "\n" . join '', map { problem_text($_) } @{ $matrix->{unexpected} } if @{ $matrix->{unexpected} };
	$text .= "\n$_\n" for boot_errors($matrix);
	return "$text\n" . summary($matrix) . "\n";
}

1;
