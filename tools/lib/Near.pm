# "Did you mean": the words that somebody may have meant by another.
package Near;
use strict;
use warnings;
use List::Util qw(min);
use Exporter 'import';
our @EXPORT_OK = qw(near near_words);

use constant MOST => 5;

# Letters to put in, take away, change or swap with their neighbour to make one word of the other.
sub distance {
	my @a = split //, lc $_[0];
	my @b = split //, lc $_[1];
	my @rows = ([0 .. @b]);
	for my $i (1 .. @a) {
		my @row = ($i);
		for my $j (1 .. @b) {
			my $is_same = $a[$i - 1] eq $b[$j - 1];
			push @row, min($row[-1] + 1, $rows[$i - 1][$j] + 1, $rows[$i - 1][$j - 1] + !$is_same);
			my $is_swap = $i > 1 && $j > 1 && $a[$i - 1] eq $b[$j - 2] && $a[$i - 2] eq $b[$j - 1];
			$row[-1] = min($row[-1], $rows[$i - 2][$j - 2] + 1) if $is_swap;
		}
		push @rows, \@row;
	}
	return $rows[-1][-1];
}

# Those of the words that are near, the nearest first: a few letters away, or one begins or holds the other.
sub near {
	my ($word, @words) = @_;
	my %far;
	for my $other (@words) {
		my $distance = distance($word, $other);
		my $is_part = length $word > 2 && index(lc $other, lc $word) >= 0 || length $other > 2 && index(lc $word, lc $other) == 0;
		my $most = length $word > 4 ? 2 : length $word > 1 ? 1 : 0;
		$far{$other} = $distance if $is_part || $distance <= $most;
	}
	my @near = sort { $far{$a} <=> $far{$b} || $a cmp $b } keys %far;
	return @near > MOST ? @near[0 .. MOST - 1] : @near;
}

# "; did you mean x or y?", or "."
sub near_words {
	my @near = near(@_);
	return @near ? '; did you mean ' . join(' or ', @near) . '?' : '.';
}

1;
