# The matrix as one SVG picture, for pages that cannot hold the report: light and dark, no script, no font of its own.
package Picture;
use strict;
use warnings;
use Exporter 'import';
use Html qw(h outcome_class);
use Museum qw(groups cell cell_is_expected variant group_words);
our @EXPORT_OK = qw(picture);

use constant { LEFT => 138, TOP => 128, RULE => 92, SIDE => 17, GAP => 8, LETTERS => 6.3, FOOT => 46 };

my $STYLE = <<'END';
text { font: 10.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1d2126; }
.soft { fill: #555c66; } .group { font-weight: bold; text-anchor: middle; } .rule { fill: none; stroke: #b9b4a8; } .paper { fill: #faf9f6; }
.breach { fill: #b4261c; } .fault { fill: #9fcfc0; } .denied { fill: #bfe0d6; } .nothing { fill: #d5eae3; }
.skip { fill: #dcd9d0; } .error { fill: #ffc14d; } .none { fill: none; } .odd { fill: none; stroke: #b36b00; stroke-width: 2.5; }
.cross { fill: none; stroke: #ffffff; stroke-width: 2; stroke-linecap: round; }
@media (prefers-color-scheme: dark) {
	text { fill: #e8e6e0; } .soft { fill: #a8adb5; } .paper { fill: #14171b; }
	.breach { fill: #d8473a; } .fault { fill: #2b6356; } .denied { fill: #254f46; } .nothing { fill: #223f39; }
	.skip { fill: #30363e; } .odd { stroke: #ffc14d; } .rule { stroke: #4a515c; }
}
END

my @LEGEND = (['BREACH', 'the attack won'], ['FAULT', 'stopped by a fault'], ['DENIED', 'refused'], ['NOTHING', 'gained nothing'],
	['SKIP', 'not possible here'], ['ERROR', 'broken test']);

# Squares of one row: [outcome, x, is as expected], as one path for each outcome, and the signs on them.
sub squares {
	my ($y, @squares) = @_;
	my (%path, $crosses, $frames);
	my $side = SIDE - 2;
	for my $square (@squares) {
		my ($outcome, $x, $is_expected) = @$square;
		$path{ outcome_class($outcome) } .= "M$x ${y}h${side}v${side}h-${side}z";
		$crosses .= 'M' . ($x + 4) . ' ' . ($y + 4) . 'l7 7m0-7l-7 7' if $outcome eq 'BREACH';
		$frames .= "M$x ${y}h${side}v${side}h-${side}z" unless $is_expected;
	}
	my $svg = join '', map { qq(<path class="$_" d="$path{$_}"/>) } sort keys %path;
	$svg .= qq(<path class="cross" d="$crosses"/>) if defined $crosses;
	$svg .= qq(<path class="odd" d="$frames"/>) if defined $frames;
	return $svg;
}

# The name of a group over its columns, in two lines where it says what else is so; and a line under it.
sub group_head {
	my ($name, $x, $width) = @_;
	my @lines = split / (?=with )/, group_words($name);
	my $y = TOP - RULE - 6 - 12 * $#lines;
	my $text = join '', map {
		sprintf '<text class="group" x="%g" y="%d">%s</text>', $x + $width / 2, $y + 12 * $_, h($lines[$_])
	} 0 .. $#lines;
	return $text . sprintf '<path class="rule" d="M%g %dh%d"/>', $x, TOP - RULE, $width - 2;
}

# Columns with their places: [configuration, x], a gap between groups; and the heads above them.
sub columns {
	my ($matrix) = @_;
	my ($x, $heads, @columns) = (LEFT, '');
	for my $group (groups($matrix)) {
		my ($name, $members) = @$group;
		my $is_one = @$members == 1;
		$heads .= group_head($name, $x, SIDE * @$members) unless $is_one;
		for my $configuration (@$members) {
			$heads .= sprintf '<text class="soft" transform="translate(%g %d) rotate(-90)">%s</text>', $x + 11, TOP - 6,
				h($is_one ? $configuration->{name} : variant($configuration));
			push @columns, [$configuration, $x];
			$x += SIDE;
		}
		$x += GAP;
	}
	return ($heads, $x, @columns);
}

sub legend {
	my ($y) = @_;
	my ($x, $svg) = (12, '');
	for my $row (@LEGEND) {
		$svg .= squares($y, [$row->[0], $x, 1]) . sprintf '<text x="%g" y="%g">%s</text>', $x + SIDE + 3, $y + 11, h($row->[1]);
		$x += int(SIDE + 22 + LETTERS * length $row->[1]);
	}
	return ($svg, $x);
}

# The SVG of the whole matrix.
sub picture {
	my ($matrix) = @_;
	my ($heads, $right, @columns) = columns($matrix);
	my ($y, $rows) = (TOP, '');
	for my $attack (@{ $matrix->{attacks} }) {
		$rows .= sprintf '<text x="12" y="%d">%s</text>', $y + 11, h($attack->{name});
		my @squares;
		for my $column (@columns) {
			my $cell = cell($matrix, $attack->{name}, $column->[0]{name}) or next;
			push @squares, [$cell->{outcome}, $column->[1], cell_is_expected($cell)];
		}
		$rows .= squares($y, @squares) . "\n";
		$y += SIDE;
	}
	my ($legend, $end) = legend($y + 14);
	my ($width, $height) = ($right > $end ? $right : $end, $y + FOOT);
	return qq(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $width $height" width="$width" height="$height" role="img">\n)
		. "<title>Attacks and variants of defences: who wins</title>\n<desc>Made by `make matrix-picture`.</desc>\n<style>\n$STYLE</style>\n"
		. qq(<rect class="paper" width="$width" height="$height"/>\n$heads\n$rows$legend\n</svg>\n);
}

1;
