# The walk of one address through the page tables, as a chart: four levels, the index that the address gives in each,
# the entry found there, and the bit in which the processor's refusal lies.
package WalkChart;
use strict;
use warnings;
no warnings 'portable';
use Exporter 'import';
use Html qw(h);
our @EXPORT_OK = qw(walk_chart walk_refusal address_bits);

my %TABLE = (4 => 'L4 (PML4)', 3 => 'L3 (PDPT)', 2 => 'L2 (PD)', 1 => 'L1 (PT)');
my %BIT = ('P' => 0, 'R/W' => 1, 'U/S' => 2, 'NX' => 63);
my %PAGE_SIZE_BIT = (3 => 7, 2 => 7);

sub has_bit { my ($entry, $bit) = @_; return (hex($entry->{entry}) >> $BIT{$bit}) & 1 }

sub index_at { my ($address, $level) = @_; return (hex($address) >> (12 + 9 * ($level - 1))) & 511 }

# Which entry says no and by which bit: { level, bit, words }; undef where the entries would allow the access.
sub walk_refusal {
	my ($fault, $walk) = @_;
	my $access = $fault->{access} // '';
	for my $entry (@$walk) {
		my $name = "L$entry->{level}";
		return { level => $entry->{level}, bit => 'P', words => "the entry in $name is not present: bit 0 is clear" }
			unless has_bit($entry, 'P');
		return { level => $entry->{level}, bit => 'R/W', words => "the entry in $name lets nobody write: bit 1 is clear" }
			if $access eq 'write' && !has_bit($entry, 'R/W');
		return { level => $entry->{level}, bit => 'NX', words => "the entry in $name lets nobody execute: bit 63 is set" }
			if $access eq 'fetch' && has_bit($entry, 'NX') && ($fault->{defence} // '') ne 'SMEP';
	}
	my $last = $walk->[-1];
	return unless $last && ($fault->{defence} // '') =~ /^SM[EA]P$/ && has_bit($last, 'U/S');
	return { level => $last->{level}, bit => 'U/S',
		words => "the page is user mode's (bit 2 is set in every level), and $fault->{defence} forbids the kernel to "
			. ($access eq 'fetch' ? 'run it' : 'touch it')
			. ($access eq 'fetch' && grep({ has_bit($_, 'NX') } @$walk) ? '; bit 63 on the way forbids it once more' : '') };
}

# The address cut where the processor cuts it.
sub address_bits {
	my ($address) = @_;
	my @parts = map { ['L' . $_, index_at($address, $_), 'bits ' . (11 + 9 * $_) . ' to ' . (3 + 9 * $_)] } 4, 3, 2, 1;
	my $cells = join '', map { "<li><b>$_->[0]</b><span>$_->[1]</span><small>$_->[2]</small></li>" } @parts;
	return '<p class="label">The address <code>' . h($address) . '</code>, cut where the processor cuts it</p>'
		. '<ol class="bits" aria-label="The address in parts">' . $cells . '<li><b>offset</b><span>'
		. sprintf('0x%x', hex($address) & 0xfff) . '</span><small>bits 11 to 0</small></li></ol>';
}

sub bit_chips {
	my ($entry, $refusal) = @_;
	my $is_refusing = $refusal && $refusal->{level} == $entry->{level};
	return join '', map {
		my $is_set = has_bit($entry, $_);
		'<span class="bit ' . ($is_set ? 'set' : 'clear') . ($is_refusing && $refusal->{bit} eq $_ ? ' no' : '') . '" title="bit '
			. $BIT{$_} . ($is_set ? ' is set' : ' is clear') . '">' . $_ . '=' . ($is_set ? 1 : 0) . '</span>'
	} 'P', 'R/W', 'U/S', 'NX';
}

sub level_html {
	my ($fault, $entry, $refusal) = @_;
	my $is_refusing = $refusal && $refusal->{level} == $entry->{level};
	my $level = $entry->{level};
	my $ends = $PAGE_SIZE_BIT{$level} && (hex($entry->{entry}) >> $PAGE_SIZE_BIT{$level}) & 1 && has_bit($entry, 'P');
	return '<li class="level' . ($is_refusing ? ' no' : '') . '"><b>' . ($TABLE{$level} // "L$level") . '</b><span class="index">entry '
		. index_at($fault->{address}, $level) . '</span><code>' . h($entry->{entry}) . '</code><span class="rights">'
		. h($entry->{rights} // '') . ($ends ? ', a large page' : '') . '</span><span class="bitrow">'
		. bit_chips($entry, $refusal) . '</span>' . ($is_refusing ? '<strong class="stop">stops here</strong>' : '') . '</li>';
}

# The chart of one root's walk; $name says which root. Empty where there is no walk.
sub walk_chart {
	my ($fault, $walk, $name) = @_;
	return '' unless $walk && @$walk && defined $fault->{address};
	my $refusal = walk_refusal($fault, $walk);
	my $levels = join '', map { level_html($fault, $_, $refusal) } @$walk;
	my $lowest = $walk->[-1]{level};
	if ($lowest > 1 && $refusal && $refusal->{level} == $lowest) {
		$levels .= join '', map { '<li class="level ghost"><b>' . $TABLE{$_} . '</b><span class="index">not reached</span></li>' }
			reverse 1 .. $lowest - 1;
	}
	return '<figure class="walk"><figcaption>' . h($name) . ($refusal ? ': ' . h($refusal->{words}) : '')
		. '</figcaption><ol class="levels">' . $levels . '</ol></figure>';
}

1;
