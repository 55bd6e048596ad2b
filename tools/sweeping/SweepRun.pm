# Runs guests, several at a time, until all stores that are asked for are made. What stops a guest stops it alone: the next one
# goes on behind that store.
package SweepRun;
use strict;
use warnings;
use Exporter 'import';
use SweepGuest;
our @EXPORT_OK = qw(sweep_run sweep_one);

# Stores in a guest, and indices of a piece where every store is made in turn.
use constant { PER_GUEST => 100, INDICES_PER_PIECE => 1300, FAILED_STARTS_MAX => 3 };

sub arguments {
	my ($what, $piece, $nr) = @_;
	return ("seed=$what->{seed}", "from=$piece->{from}", "to=$piece->{to}", "n=$nr", "mode=$what->{mode}",
		length $what->{only} ? "only=$what->{only}" : (), length $what->{value} ? "value=$what->{value}" : (), "audit=$what->{audit}");
}

# The next indices that nobody has begun with; undef: there are none.
sub next_piece {
	my ($state) = @_;
	my $waiting = shift @{ $state->{pieces} };
	return $waiting if $waiting;
	return undef if $state->{next} >= $state->{end};
	my $from = $state->{next};
	$state->{next} += $state->{what}{mode} eq 'random' ? PER_GUEST : INDICES_PER_PIECE;
	$state->{next} = $state->{end} if $state->{next} > $state->{end};
	return { from => $from, to => $state->{next} };
}

sub is_over { my ($what) = @_; return defined $what->{deadline} && time >= $what->{deadline} }

# A guest has ended: its stores count, and what is left of its piece comes next.
sub take_guest {
	my ($state, $guest) = @_;
	my $piece = $guest->{piece};
	$guest->finish;
	$state->{guests}++;
	$state->{is_guarded} //= $guest->{is_guarded};
	push @{ $state->{stores} }, @{ $guest->{stores} };
	$state->{total} = $state->{end} = $guest->{total} if $guest->{total} && $state->{what}{mode} eq 'exhaustive';
	my $last = $guest->{stores}[-1];
	$state->{failed} = $last || $guest->{is_last} ? 0 : $state->{failed} + 1;
	die "the guest cannot go on: @{[$guest->{broken} // 'it says nothing']}\n" if $state->{failed} > FAILED_STARTS_MAX;
	my $from = $last ? $last->{index} + 1 : $piece->{from};
	unshift @{ $state->{pieces} }, { from => $from, to => $piece->{to} } if $from < $piece->{to} && !$guest->{is_last};
}

sub start_guests {
	my ($state, $guests) = @_;
	my $what = $state->{what};
	while (@$guests < $what->{jobs} && @{ $state->{stores} } < $what->{stores} && !is_over($what)) {
		my $piece = next_piece($state) or last;
		my $left = $what->{stores} - @{ $state->{stores} };
		my $guest = SweepGuest->start($what->{machine}, $what->{program}, arguments($what, $piece, $left < PER_GUEST ? $left : PER_GUEST));
		$guest->{piece} = $piece;
		push @$guests, $guest;
	}
}

# what: machine, program, seed, mode, only, value, audit, stores (how many at most), jobs, deadline; on_progress.
# { stores, guests, total, is_guarded }
sub sweep_run {
	my ($what) = @_;
	my $state = { what => $what, stores => [], guests => 0, next => 0, pieces => [], failed => 0,
		end => $what->{mode} eq 'random' ? $what->{stores} : 9e15 };
	my @guests;
	local $SIG{INT} = local $SIG{TERM} = sub { kill 'TERM', map { $_->{pid} } @guests; exit 130 };
	while (start_guests($state, \@guests), @guests) {
		my $bits = '';
		vec($bits, fileno $_->{out}, 1) = 1 for @guests;
		select my $ready = $bits, undef, undef, 1;
		my @over = grep { (vec($ready, fileno $_->{out}, 1) && !$_->hear) || $_->is_silent } @guests;
		for my $guest (@over) {
			@guests = grep { $_ != $guest } @guests;
			take_guest($state, $guest);
		}
		$what->{on_progress}->($state, map { @{ $_->{stores} } } @guests) if $what->{on_progress};
	}
	return $state;
}

# One store in a guest of its own: its record; undef: there was none. acts: what is done after it.
sub sweep_one {
	my ($machine, $program, $store, $acts) = @_;
	my $guest = SweepGuest->start($machine, $program, "only=$store->{name}", "value=$store->{value}", "acts=$acts");
	while (!$guest->is_silent) {
		my $bits = '';
		vec($bits, fileno $guest->{out}, 1) = 1;
		next unless select my $ready = $bits, undef, undef, 1;
		last unless $guest->hear;
	}
	return $guest->finish->{stores}[0];
}

1;
