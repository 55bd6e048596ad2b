# The matrix as a table, and what its cells explain as data for the page's script.
package MatrixPart;
use strict;
use warnings;
use Exporter 'import';
use Html qw(h slug missing badge glyph outcome_class);
use JSON::PP ();
use Museum qw(configurations groups cell cell_is_expected explanation fault_facts stopped_words defaults variant group_words repeat_words weak_options);
our @EXPORT_OK = qw(matrix_part matrix_summary);

my %OUTCOMES = (
	BREACH => 'the attack won: it became root, read the flag, found the kernel, changed sealed memory, or held another user\'s page',
	FAULT => 'it was stopped by a fault inside the kernel, which explains itself',
	DENIED => 'the kernel refused the call',
	NOTHING => 'it ran to its end and gained nothing',
	SKIP => 'it cannot be tried on this machine',
	ERROR => 'the test is broken',
);
my @LEGEND = ([BREACH => 'the attack won'], [FAULT => 'a fault in the kernel stopped it'], [DENIED => 'the kernel refused'],
	[NOTHING => 'it gained nothing'], [SKIP => 'cannot be tried here'], [ERROR => 'the test is broken']);

sub number { my $n = reverse $_[0]; $n =~ s/(\d{3})(?=\d)/$1,/g; return scalar reverse $n }

sub figure { return '<div><dt>' . h($_[1]) . '</dt><dd>' . h(number($_[0])) . '</dd></div>' }

# The figures under the title.
sub matrix_summary {
	my ($matrix) = @_;
	return '' unless $matrix;
	my $summary = $matrix->{summary} // {};
	my @cells = map { values %$_ } values %{ $matrix->{cells} };
	my $nr_unexpected = $summary->{unexpected} // grep { !cell_is_expected($_) } @cells;
	my $verdict = $nr_unexpected
		? '<p class="verdict bad">' . glyph('ERROR') . number($nr_unexpected) . ' not as expected</p>'
		: '<p class="verdict good">' . glyph('FAULT') . 'every outcome as expected</p>';
	return '<dl class="figures">' . figure(scalar @{ $matrix->{attacks} }, 'attacks')
		. figure(scalar configurations($matrix), 'boots of the kernel')
		. figure($summary->{cells} // scalar @cells, 'outcomes')
		. figure(scalar(grep { $_->{outcome} eq 'BREACH' } @cells), 'breaches') . '</dl>' . $verdict;
}

sub head {
	my ($matrix) = @_;
	my (@groups, @variants);
	for my $group (groups($matrix)) {
		my ($name, $members) = @$group;
		# A group of one column has no room for its name: the column has it.
		my $is_one = @$members == 1;
		push @groups, '<th scope="colgroup" class="group' . ($is_one ? ' one' : '') . '" colspan="' . @$members . '"><span>'
			. ($is_one ? '' : h(group_words($name))) . '</span></th>';
		push @variants, map {
			'<th scope="col" class="variant' . ($_ == 0 ? ' first' : '') . '" title="' . h($members->[$_]{options} // '') . '"><span>'
				. h($is_one ? $members->[$_]{name} : variant($members->[$_])) . '</span></th>'
		} 0 .. $#$members;
	}
	return '<thead><tr><th scope="col" rowspan="2" class="corner">attack</th>' . join('', @groups) . "</tr>\n<tr>"
		. join('', @variants) . "</tr></thead>\n";
}

# The anchor of a cell: the attack's name, and the column's.
sub cell_id {
	my ($attack, $configuration) = @_;
	return 'cell-' . slug($attack->{name}) . '-' . slug($configuration->{title} // $configuration->{name});
}

sub cell_html {
	my ($cell, $is_first, $id) = @_;
	my $first = $is_first ? ' first' : '';
	return qq(<td class="c none$first" id="$id"><span class="vh">not run</span></td>) unless $cell;
	my $is_expected = cell_is_expected($cell);
	my $words = $cell->{outcome} . (length($cell->{with} // '') ? ", with $cell->{with}" : '') . ($is_expected ? '' : ', not as expected: ' . ($cell->{expected} // ''));
	return qq(<td id="$id" class="c ) . outcome_class($cell->{outcome}) . $first . ($is_expected ? '' : ' odd') . '">'
		. glyph($cell->{outcome}) . '<span class="vh">' . h($words) . '</span></td>';
}

sub row {
	my ($matrix, $attack) = @_;
	my $html = '<tr data-words="' . h(lc join ' ', $attack->{name}, $attack->{brief} // '', $attack->{stopped_by} // '')
		. '"><th scope="row"><a href="#attack-' . slug($attack->{name}) . '" title="' . h($attack->{brief}) . '">'
		. h($attack->{name}) . '</a></th>';
	for my $group (groups($matrix)) {
		my $is_first = 1;
		for my $configuration (@{ $group->[1] }) {
			$html .= cell_html(cell($matrix, $attack->{name}, $configuration->{name}), $is_first, cell_id($attack, $configuration));
			$is_first = 0;
		}
	}
	return "$html</tr>\n";
}

# How many attacks won in each column.
sub foot {
	my ($matrix) = @_;
	my $html = '<tfoot><tr><th scope="row">breaches</th>';
	for my $group (groups($matrix)) {
		my $is_first = 1;
		for my $configuration (@{ $group->[1] }) {
			my @open = grep { $_ && $_->{outcome} eq 'BREACH' }
				map { cell($matrix, $_->{name}, $configuration->{name}) } @{ $matrix->{attacks} };
			$html .= '<td class="sum' . ($is_first ? ' first' : '') . '">' . @open . '</td>';
			$is_first = 0;
		}
	}
	return "$html</tr></tfoot>\n";
}

sub legend {
	my @items = map { '<li>' . badge($_->[0]) . ' ' . h($_->[1]) . '</li>' } @LEGEND;
	push @items, '<li><span class="swatch fault odd">' . glyph('FAULT') . '</span> framed, with a corner: not as expected</li>';
	return '<ul class="legend">' . join('', @items) . '</ul>';
}

# What is not as expected, each with the command that shows it.
sub unexpected_html {
	my ($matrix) = @_;
	my @all = @{ $matrix->{unexpected} // [] } or return '';
	my @items = map {
		'<li><a href="#attack-' . slug($_->{attack}) . '"><code>' . h($_->{attack}) . '</code></a> with <code>' . h($_->{configuration})
			. '</code>: ' . h($_->{outcome}) . ', expected ' . h($_->{expected}) . ($_->{observed} ? '<br>' . h($_->{observed}) : '')
			. ($_->{by_hand} ? '<pre tabindex="0"><code>' . h($_->{by_hand}) . '</code></pre>' : '') . '</li>'
	} @all;
	return '<details class="unexpected"' . (@all <= 5 ? ' open' : '') . '><summary>' . @all . ' not as expected</summary><ul>'
		. join('', @items) . '</ul></details>';
}

# "kaiser is off": what has to be so besides.
sub besides {
	my @words = map { $_->[0] =~ s/=/ is /r } @_;
	return @words ? ' (while ' . h(join ' and ', @words) . ')' : '';
}

# The attacks that win in a configuration.
sub winners {
	my ($matrix, $configuration) = @_;
	return () unless $configuration;
	return grep { my $cell = cell($matrix, $_, $configuration->{name}); $cell && $cell->{outcome} eq 'BREACH' }
		map { $_->{name} } @{ $matrix->{attacks} };
}

# Published designs that one of the attacks beats: variants that are not the weakest of their option, with which it wins, and does
# not win by default or by what else is switched off.
sub what_to_look_at {
	my ($matrix) = @_;
	my $default = defaults($matrix) or return '';
	my %by_options = map { ($_->{options} // '') => $_ } configurations($matrix);
	my @items;
	for my $configuration (configurations($matrix)) {
		my @options = weak_options($matrix, $configuration);
		my @on = map { $_->[0] } grep { !$_->[1] } @options or next;
		my @off = grep { $_->[1] } @options;
		my %wins_anyway = map { $_ => 1 } winners($matrix, $default), winners($matrix, $by_options{ join ' ', map { $_->[0] } @off });
		my @beaten = grep { !$wins_anyway{$_} } winners($matrix, $configuration) or next;
		push @items, '<li><code>' . h("@on") . '</code>' . besides(@off) . ' is beaten by '
			. join(', ', map { '<a href="#attack-' . slug($_) . '">' . h($_) . '</a>' } @beaten) . '</li>';
	}
	return '' unless @items;
	return '<div class="beaten"><h3>Switched on, and still beaten</h3><ul>' . join('', @items) . '</ul></div>';
}

# What the panel says about a cell.
sub explained {
	my ($attack, $configuration, $cell) = @_;
	my @facts = fault_facts($cell->{fault});
	push @facts, ['observed', $cell->{observed}] if defined $cell->{observed} && !@facts;
	push @facts, ['expected', $cell->{expected}] if defined $cell->{expected} && !cell_is_expected($cell);
	push @facts, ['options', $configuration->{options}] if ($configuration->{options} // '') ne '';
	push @facts, ['beside them', $cell->{with}] if length($cell->{with} // '');
	push @facts, ['stopped by', stopped_words($attack)];
	return {
		outcome => $cell->{outcome}, expected => cell_is_expected($cell) ? JSON::PP::true : JSON::PP::false,
		repeat => repeat_words($attack, $configuration, $cell), facts => \@facts, text => explanation($cell), said => $cell->{said} // '',
	};
}

sub cells_json {
	my ($matrix) = @_;
	my @ordered = map { @{ $_->[1] } } groups($matrix);
	my %data = (
		columns => [map { $_->{title} // $_->{name} } @ordered],
		rows => [map { { name => $_->{name}, brief => $_->{brief} // '', anchor => 'attack-' . slug($_->{name}) } }
			@{ $matrix->{attacks} }],
		outcomes => \%OUTCOMES,
		cells => [map { my $attack = $_; [map { my $cell = cell($matrix, $attack->{name}, $_->{name});
			$cell ? explained($attack, $_, $cell) : undef } @ordered] } @{ $matrix->{attacks} }],
	);
	# No "</script>" can be in it: every < is written as an escape.
	return JSON::PP->new->canonical->encode(\%data) =~ s/</\\u003c/gr;
}

# The HTML of the part, and the JSON that explains its cells.
sub matrix_part {
	my ($matrix) = @_;
	return (missing('There is no matrix yet;', 'make matrix'), 'null') unless $matrix;
	my $html = unexpected_html($matrix) . '<div class="matrix-tools" hidden><label for="filter">Show rows with</label> <input id="filter" type="search" '
		. 'placeholder="name, words, or option" autocomplete="off" spellcheck="false"> <output id="filter-count" '
		. 'for="filter"></output></div>'
		. '<p class="vh" id="grid-keys">Arrow keys, Home and End move between cells; Enter goes to the explanation, Escape back.</p>'
		. '<div class="scroll" id="matrix-box" tabindex="0" role="group" aria-label="The matrix; it scrolls in both directions">'
		. '<table id="grid" style="--columns: ' . @{ $matrix->{configurations} } . "\">\n<caption class=\"vh\">Outcome of each attack (rows) in each boot of the kernel (columns)</caption>"
		. head($matrix) . '<tbody>' . join('', map { row($matrix, $_) } @{ $matrix->{attacks} }) . "</tbody>\n"
		. foot($matrix) . '</table></div>' . legend() . what_to_look_at($matrix);
	return ($html, cells_json($matrix));
}

1;
