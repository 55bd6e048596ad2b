# Who owns physical memory: a map of small squares, each a group of frames, coloured by owner.
package FramesPart;
use strict;
use warnings;
use Exporter 'import';
use Html qw(h missing);
use Museum qw(configurations defaults booted_words);
use Owner qw(owner_class);
our @EXPORT_OK = qw(frames_part);

use constant { COLUMNS => 64, SIDE => 10 };

my $nr_pictures = 0;

# Squares of one owner that stand side by side are one rectangle; the page's pattern parts them again.
sub rectangles {
	my ($map, $name_of) = @_;
	my ($html, $at) = ('', 0);
	while ($map->{cells} =~ /((.)\2*)/gs) {
		my ($letter, $left) = ($2, length $1);
		while ($left) {
			my ($x, $y) = ($at % COLUMNS, int($at / COLUMNS));
			my $width = $left < COLUMNS - $x ? $left : COLUMNS - $x;
			$html .= sprintf '<rect class="own-%s" x="%d" y="%d" width="%d" height="%d"><title>%s</title></rect>',
				owner_class($name_of->{$letter} // ''), $x * SIDE, $y * SIDE, $width * SIDE, SIDE,
				h($name_of->{$letter} // $letter);
			$at += $width;
			$left -= $width;
		}
	}
	return $html;
}

# How many frames each owner has: as the guest counted them, or by the squares.
sub counts_html {
	my ($map) = @_;
	my ($html, $sum, @owners) = ('<ul class="owners">', 0);
	for my $row (@{ $map->{legend} }) {
		my $nr = $row->{frames} // ($map->{frames_per_cell} // 1) * (() = $map->{cells} =~ /\Q$row->{letter}\E/g);
		$sum += $nr;
		push @owners, [$row->{name}, $nr] if $nr;
	}
	for my $owner (@owners) {
		my ($name, $nr) = @$owner;
		$html .= '<li><span class="key own-' . owner_class($name) . '"></span><span>' . h($name) . '</span> <b>' . h($nr) . '</b> <b>'
			. sprintf('%.1f', 100 * $nr / $sum) . '&nbsp;%</b></li>';
	}
	return "$html</ul>";
}

sub map_html {
	my ($configuration, $map) = @_;
	my %name_of = map { $_->{letter} => $_->{name} } @{ $map->{legend} };
	my $rows = int((length($map->{cells}) + COLUMNS - 1) / COLUMNS);
	my ($width, $height, $id) = (COLUMNS * SIDE, $rows * SIDE, 'frames-' . $nr_pictures++);
	my $frames = $map->{frames_per_cell} // 1;
	return '<figure class="frames"><figcaption id="' . $id . '"><code>' . h(booted_words($configuration)) . '</code> one square is '
		. h($frames) . ' frames, ' . h($frames * 4) . ' KiB; memory starts at the top left</figcaption>'
		. qq(<svg viewBox="0 0 $width $height" role="img" aria-labelledby="$id">) . rectangles($map, \%name_of)
		. qq(<rect class="parting" width="$width" height="$height" fill="url(#parting)"/></svg>) . counts_html($map) . '</figure>';
}

sub frames_part {
	my ($matrix) = @_;
	my $guest = $matrix ? $matrix->{guest} // {} : {};
	my %map = map { $_->{name} => ($guest->{ $_->{name} } // {})->{map} } $matrix ? configurations($matrix) : ();
	my @told = grep { $map{ $_->{name} } } $matrix ? configurations($matrix) : ();
	return missing('Nothing is known of the frames yet;', 'make matrix') unless @told;
	my $default = defaults($matrix)->{name};
	# The defaults beside the kernel without XPFO is what is to be seen; else the first two there are.
	my @shown = (grep({ $_->{name} eq $default } @told), grep({ $_->{name} eq 'xpfo=off' } @told));
	@shown = @told[0 .. ($#told < 1 ? $#told : 1)] unless @shown;
	return '<div class="frame-maps">' . join('', map { map_html($_, $map{ $_->{name} }) } @shown) . '</div>';
}

1;
