# One page per attack, as a section of the report: what the attacker controls, what the kernel did, the page-table entries
# on the way, where the defence said no, and what the same attack gets without it. Prose comes from the attack's README.
package AttackPages;
use strict;
use warnings;
use Exporter 'import';
use FindBin;
use Cites qw(cites work_text);
use Def qw(rows);
use Html qw(h slug facts badge glyph outcome_class);
use Input qw(input_text is_true);
use Markdown qw(markdown_page);
use Museum qw(groups cell cell_is_expected explanation fault_facts stopped_words variant group_words booted_words
	with_defence without_defence);
use WalkChart qw(walk_chart walk_refusal address_bits);
our @EXPORT_OK = qw(attack_pages);

# Labels of README sections, by the step that they belong to; the others follow behind the last step.
my %STEP_OF = ('What the attacker controls' => 'controls', 'What happens' => 'did', 'What stops it' => 'stops',
	'What it leads to' => 'did');

# The works that a page cites, by key, as they stand in docs/sources.def.
sub works_html {
	my %is_cited = map { $_->{key} => 1 } cites($_[0]);
	my @works = grep { $is_cited{ $_->{key} } } rows('sources', "$FindBin::Bin/../docs/sources.def");
	return '' unless @works;
	return '<ul class="works">' . join('', map { '<li><cite>' . h($_->{key}) . '</cite> ' . h(work_text($_)) . ', '
		. h(join ' ', grep { defined && length } @$_{qw(venue year)}) . '</li>' } @works) . '</ul>';
}

sub readme_of {
	my ($name, $matrix) = @_;
	my $path = "$FindBin::Bin/../user/attacks/$name/README.md";
	return { title => '', intro => '', sections => [] } unless $name =~ /^\w+$/ && -e $path;
	my $text = input_text($path);
	my $page = markdown_page($text, { map { $_->{name} => 1 } @{ $matrix->{attacks} } });
	my ($sources) = grep { $_->[0] eq 'Sources' } @{ $page->{sections} };
	$sources->[1] .= works_html($text) if $sources;
	return $page;
}

# { controls, did, stops, rest } as HTML
sub prose_of {
	my ($page) = @_;
	my %prose = map { $_ => '' } qw(controls did stops rest);
	for my $section (@{ $page->{sections} }) {
		my ($label, $html) = @$section;
		my $step = $STEP_OF{$label};
		$prose{ $step // 'rest' } .= defined $step && $step ne 'rest' ? $html : '<h3>' . h($label) . '</h3>' . $html;
	}
	return \%prose;
}

sub said_html {
	my ($cell) = @_;
	my $said = $cell->{said} // '';
	return '' unless $said =~ /\S/;
	$said =~ s/^ {2}//mg unless $said =~ /^(?! {2})./m;
	return '<p class="label">What it printed</p><pre class="said"><code>' . h($said =~ s/\s+\z//r) . '</code></pre>';
}

# What a step of a frame's history changed: its owner, or else how it is kept.
sub step_words {
	my ($step) = @_;
	return $step->{to} if $step->{from} ne $step->{to} || !defined $step->{hidden};
	return is_true($step->{sealed}) ? 'sealed' : is_true($step->{hidden}) ? 'hidden' : 'revealed';
}

sub history_html {
	my ($frame) = @_;
	return '' unless $frame && defined $frame->{pfn};
	my @steps = @{ $frame->{history} // [] };
	my $items = join '', map {
		'<li><i aria-label="then"></i><span>' . h(step_words($_)) . '</span>'
			. ($_->{pid} || $_->{pid_modulo} ? '<small>pid ' . h($_->{pid})
			. ($_->{pid_modulo} ? ' modulo ' . h($_->{pid_modulo}) : '') . '</small>' : '') . '</li>'
	} @steps;
	return '<p class="label">Frame ' . h($frame->{pfn}) . ' is ' . h($frame->{owner} // '?')
		. (is_true($frame->{hidden}) ? ', hidden' : '') . (@steps ? '; how it came to that:' : '') . '</p>'
		. (@steps ? '<ol class="history"><li><span>' . h($steps[0]{from}) . "</span></li>$items</ol>" : '');
}

sub backtrace_html {
	my ($fault) = @_;
	my @calls = @{ $fault->{backtrace} // [] };
	return '' unless @calls;
	my $items = join '', map { '<li><code>' . h($_) . '</code></li>' } @calls;
	return "<p class=\"label\">Where the kernel was</p><ol class=\"backtrace\">$items</ol>";
}

sub own_words {
	my ($cell) = @_;
	my $text = explanation($cell);
	return '' unless $text =~ /\S/;
	return '<details><summary>The kernel\'s own words</summary><pre><code>' . h($text =~ s/\s+\z//r) . '</code></pre></details>';
}

sub step {
	my ($number, $title, $html) = @_;
	return '' if $html eq '';
	my $nr = $$number++;
	return "<section class=\"step\"><h3><span class=\"nr\">$nr</span> " . h($title) . "</h3>\n$html</section>\n";
}

sub booted { return '<p class="booted">Booted with <code>' . h(booted_words($_[0])) . '</code> ' . badge($_[1]{outcome}) . '</p>' }

sub tables_html {
	my ($fault) = @_;
	return '' unless $fault && defined $fault->{address} && (@{ $fault->{kernel_walk} // [] } || @{ $fault->{shadow_walk} // [] });
	return address_bits($fault->{address}) . walk_chart($fault, $fault->{kernel_walk}, 'Kernel root')
		. walk_chart($fault, $fault->{shadow_walk}, 'Shadow root, for comparison: user mode runs on it');
}

sub refusal_html {
	my ($fault, $cell) = @_;
	my $refusal = $fault ? walk_refusal($fault, $fault->{kernel_walk} // []) : undef;
	my @facts = $fault ? () : (['observed', $cell->{observed} // '']);
	push @facts, ['defence', $fault->{defence}] if $fault && ($fault->{defence} // 'none') ne 'none';
	push @facts, ['reason', $fault->{reason}] if $fault && $fault->{reason};
	push @facts, ['entry', $refusal->{words}] if $refusal;
	return facts(@facts);
}

# The steps with the defence on.
sub defended_steps {
	my ($number, $configuration, $cell, $prose) = @_;
	my $fault = $cell ? $cell->{fault} : undef;
	my $html = step($number, 'What the attacker controls', $prose->{controls})
		. step($number, 'What the attack does', $prose->{did} . ($cell ? booted($configuration, $cell) . said_html($cell) : ''));
	my @seen = $fault ? grep { $_->[0] =~ /^(?:access|by|exception|region|frame)$/ } fault_facts($fault) : ();
	$html .= step($number, 'What the kernel did', facts(@seen) . backtrace_html($fault) . own_words($cell)) if $fault;
	$html .= step($number, 'The page-table entries on the way', tables_html($fault)) if $fault;
	my $refusal = $cell ? refusal_html($fault, $cell) . ($fault ? history_html($fault->{frame}) : '') : '';
	return $html . step($number, $cell ? 'Where the defence said no' : 'What would stop it', $prose->{stops} . $refusal);
}

sub undefended_step {
	my ($number, $configuration, $cell) = @_;
	return '' unless $cell;
	return step($number, 'The same attack where nothing stands in its way', booted($configuration, $cell)
		. facts(['what it got', $cell->{observed} // $cell->{outcome}]) . said_html($cell) . own_words($cell));
}

# The attack's row of the matrix, in small.
sub strip_html {
	my ($matrix, $attack) = @_;
	my $html = '';
	for my $group (groups($matrix)) {
		my @cells = map { [$_, cell($matrix, $attack->{name}, $_->{name})] } @{ $group->[1] };
		$html .= '<li><b>' . h(group_words($group->[0])) . '</b>' . join('', map {
			my ($configuration, $cell) = @$_;
			'<span class="chip ' . outcome_class($cell->{outcome}) . (cell_is_expected($cell) ? '' : ' odd') . '" title="'
				. h(booted_words($configuration) . ": $cell->{outcome}") . '">' . glyph($cell->{outcome}) . h(variant($configuration))
				. '<span class="vh"> ' . h($cell->{outcome}) . '</span></span>'
		} grep { $_->[1] } @cells) . '</li>' if grep { $_->[1] } @cells;
	}
	return $html eq '' ? '' : "<ul class=\"strip\" aria-label=\"Outcome in each boot\">$html</ul>";
}

sub ways_html {
	my ($before, $after) = @_;
	my $way = sub { my ($attack, $class, $text) = @_;
		return '<span></span>' unless $attack;
		return "<a class=\"$class\" href=\"#attack-" . slug($attack->{name}) . "\"><small>$text</small> " . h($attack->{name}) . '</a>' };
	return '<nav class="ways" aria-label="Attacks">' . $way->($before, 'before', 'previous')
		. '<a class="up" href="#matrix">all attacks</a>' . $way->($after, 'after', 'next') . '</nav>';
}

sub page_of {
	my ($matrix, $at) = @_;
	my @all = @{ $matrix->{attacks} };
	my $attack = $all[$at];
	my $name = $attack->{name};
	my $readme = readme_of($name, $matrix);
	my $prose = prose_of($readme);
	my ($on, $off) = (with_defence($matrix, $name), without_defence($matrix, $name));
	my $number = 1;
	my $title = $readme->{title} =~ s/^\Q$name\E:\s*//r;
	my $ways = ways_html($at ? $all[$at - 1] : undef, $all[$at + 1]);
	return '<article class="attack" id="attack-' . slug($name) . '" aria-labelledby="title-' . slug($name) . "\">$ways"
		. '<h2 id="title-' . slug($name) . '" tabindex="-1"><code>' . h($name) . '</code> ' . h(ucfirst($title || $attack->{brief} || $name)) . '</h2>'
		. '<p class="stopper">stopped by <code>' . h(stopped_words($attack)) . '</code></p>' . strip_html($matrix, $attack)
		. '<div class="intro">' . $readme->{intro} . '</div>'
		. defended_steps(\$number, $on, $on && cell($matrix, $name, $on->{name}), $prose)
		. undefended_step(\$number, $off, $off && cell($matrix, $name, $off->{name}))
		. ($prose->{rest} eq '' ? '' : '<section class="rest">' . $prose->{rest} . '</section>') . "$ways</article>\n";
}

sub index_html {
	my ($matrix) = @_;
	return '<ul class="attack-list">' . join('', map { '<li><a href="#attack-' . slug($_->{name}) . '"><code>' . h($_->{name})
		. '</code> <span>' . h($_->{brief}) . '</span></a></li>' } @{ $matrix->{attacks} }) . '</ul>';
}

# { index, pages }: the list of the attacks, and their pages.
sub attack_pages {
	my ($matrix) = @_;
	return { index => undef, pages => '' } unless $matrix;
	return { index => index_html($matrix), pages => join '', map { page_of($matrix, $_) } 0 .. $#{ $matrix->{attacks} } };
}

1;
