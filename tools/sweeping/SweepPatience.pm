# How long a round may take, and a machine be silent, by what rounds have taken on this host.
package SweepPatience;
use strict;
use warnings;
use List::Util qw(max min);

# A round's end comes within twice the limit: the attacker is ended, then what it has left behind.
use constant { SHOWN => 50, SHOWN_LEAST => 8, TIMES => 5, ROUND_LEAST => 0.3, ROUND_MOST => 1.5, ROUNDS_OF_SILENCE => 2, SILENCE_MORE => 0.5 };

sub new { my ($class) = @_; return bless { took => [] }, $class }

# A store that ended in nothing, pulsed or not, took so long.
sub note {
	my ($self, $seconds) = @_;
	push @{ $self->{took} }, $seconds;
	shift @{ $self->{took} } if @{ $self->{took} } > SHOWN;
}

sub round {
	my ($self) = @_;
	my $took = $self->{took};
	return @$took < SHOWN_LEAST ? ROUND_MOST : min(ROUND_MOST, max(ROUND_LEAST, TIMES * max @$took));
}

# Of silence, after which a machine that started with this limit counts as hung.
sub silence { my ($self) = @_; return SILENCE_MORE + ROUNDS_OF_SILENCE * $self->round }

1;
