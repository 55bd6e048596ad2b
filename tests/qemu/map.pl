#!/usr/bin/perl
# map.pl numbers POLICY: checks the object of `map -j` on the standard input against that of `mem -j` behind it, and
#   against the states of the policy table.
# map.pl picture PPM MANY NONE: checks that the squares of a picture are those of a whole map, that most have the colour
#   of the state MANY and none that of NONE. The colours are those of `map -j` on the standard input.
use strict;
use warnings;

use FindBin '$Bin';
use JSON::PP ();
use List::Util qw(sum0 uniq);
use lib "$Bin/../../tools/lib";
use Def qw(rows);

my $SQUARE = 3 * 3;    # pixels of a square at this size of screen and memory
my $FRAMES_EACH = 4;   # that a square stands for, with that memory
my $SWATCH = 12 * 12;  # of the legend's
my $bad = 0;

sub check {
	my ($holds, $text) = @_;
	print $holds ? '' : 'WRONG: ', "$text\n";
	$bad ||= !$holds;
}

# The JSON objects of a text that has other lines, too.
sub objects {
	my ($text) = @_;
	my @objects;
	while ($text =~ /^\{"/mg) {
		my $reader = JSON::PP->new;
		$reader->incr_parse(substr $text, $-[0]);
		push @objects, $reader->incr_parse // die "map.pl: broken JSON\n";
	}
	return @objects;
}

sub numbers {
	my ($map, $mem, $policy) = @_;
	my %frames = map { $_->{state} => $_->{frames} } @{$map->{legend}};
	my %letter = map { $_->{letter} => 1 } @{$map->{legend}};
	my $nr_cells = int(($map->{nr_frames} + $map->{frames_per_cell} - 1) / $map->{frames_per_cell});

	check(join(' ', sort keys %frames) eq join(' ', sort @$policy), 'states: ' . join(' ', sort keys %frames));
	check(keys %letter == @$policy, 'each state has a letter of its own');
	check($map->{nr_frames} == $mem->{pfn_end}, "nr_frames $map->{nr_frames}, pfn_end $mem->{pfn_end}");
	check(sum0(values %frames) == $map->{nr_frames}, 'the sum of the legend is ' . sum0(values %frames));
	check(length $map->{cells} == $nr_cells, "$nr_cells cells, letters: " . length $map->{cells});
	check($letter{$_}, "cells show $_") for uniq split //, $map->{cells};
	my %same = (
		free_revealed => ['FREE_REVEALED'], free_hidden => ['FREE_HIDDEN'], ptable => [qw(PTABLE PTABLE_GUARDED)],
		user => [qw(USER_HIDDEN USER_MAPPED)],
		kernel => [qw(KERNEL KERNEL_SEALED MARKS ENTRY ENTRY_SEALED ENTRY_PRIVATE ENTRY_TEXT POOL_OPEN POOL_SEALED PLAIN_OPEN PLAIN_SEALED ROALIAS_SEALED)],
	);
	for my $name (sort keys %same) {
		my $nr = sum0(@frames{@{$same{$name}}});
		# `mem` is another command: a few frames have changed hands since.
		check(abs($nr - $mem->{$name}) <= 16, "$name: map $nr, mem $mem->{$name}");
	}
}

sub pixels {
	my ($path) = @_;
	open my $file, '<:raw', $path or die "map.pl: $path: $!\n";
	local $/;
	my $text = <$file>;
	$text =~ s/\AP6\s+(\d+)\s+(\d+)\s+255\s//s or die "map.pl: $path is no PPM\n";
	my %nr;
	$nr{$_}++ for unpack '(H6)*', $text;
	return \%nr;
}

sub picture {
	my ($map, $path, $many, $none) = @_;
	my $pixels = pixels($path);
	my %squares = map { $_->{state} => (($pixels->{substr $_->{colour}, 1} // 0) - $SWATCH) / $SQUARE }
		@{$map->{legend}};
	my $all = sum0(values %squares);
	my $share = $squares{$many} / ($all || 1);

	check($squares{$_} == int $squares{$_} && $squares{$_} >= 0, "$_: $squares{$_} squares") for sort keys %squares;
	# The firmware may take some frames at the end of memory.
	check(abs($all * $FRAMES_EACH - $map->{nr_frames}) <= 1024, "$all squares for $FRAMES_EACH frames each, of $map->{nr_frames}");
	check($share > 0.4 && $share < 0.75, "of them $many: $share");
	check($squares{$none} == 0, "none $none");
}

my ($what, $path, @states) = @ARGV;
my $text = do { local $/; <STDIN> } =~ s/\r//gr;
my @objects = objects($text);
if ($what eq 'numbers') {
	numbers(@objects[0, 1], [map { $_->{state} } rows('policy', $path)]);
} else {
	picture($objects[0], $path, @states);
}
exit $bad;
