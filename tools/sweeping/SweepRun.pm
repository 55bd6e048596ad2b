# Runs guests, several at a time, until all stores that are asked for are made. What stops a guest stops it alone: the next one
# goes on behind that store.
package SweepRun;
use strict;
use warnings;
use Exporter 'import';
use List::Util qw(max min);
use SweepGuest;
use Time::HiRes 'time';
our @EXPORT_OK = qw(sweep_run sweep_one);

# Stores in a guest: a sweep is made of that many pieces at least, so that some can go on while a guest is silent. Indices of a piece where
# every store is made in turn.
use constant { PER_GUEST => 400, PER_GUEST_LEAST => 20, PIECES_LEAST => 16, INDICES_PER_PIECE => 1300, FAILED_STARTS_MAX => 3 };
# A guest that says nothing for so long waits, and takes no processor: another is started, but for so many at a time.
use constant { SECONDS_OF_WORK => 0.2, SILENT_MAX => 4 };
use constant { SECONDS_BETWEEN_LOOKS => 0.05, SECONDS_BETWEEN_TALES => 1 };

sub arguments {
	my ($what, $piece, $nr) = @_;
	my $order = $piece->{order};
	return ("seed=$what->{seed}", "from=$piece->{from}", "to=$piece->{to}", "n=$nr", "mode=$what->{mode}",
		length $order->{only} ? "only=$order->{only}" : (), length $order->{value} ? "value=$order->{value}" : (), "audit=$what->{audit}");
}

sub per_guest { my ($order) = @_; return min(PER_GUEST, max(PER_GUEST_LEAST, int($order->{stores} / PIECES_LEAST))) }

# The next indices that nobody has begun with; undef: there are none.
sub next_piece {
	my ($state) = @_;
	my $waiting = shift @{ $state->{pieces} };
	return $waiting if $waiting;
	my ($order) = grep { $_->{next} < $_->{end} && $_->{done} < $_->{stores} } @{ $state->{orders} } or return undef;
	my $from = $order->{next};
	$order->{next} = min($order->{end}, $from + ($state->{what}{mode} eq 'random' ? per_guest($order) : INDICES_PER_PIECE));
	return { order => $order, from => $from, to => $order->{next} };
}

sub is_over { my ($what) = @_; return defined $what->{deadline} && time >= $what->{deadline} }

# A guest has ended: its stores count, and what is left of its piece comes next.
sub take_guest {
	my ($state, $guest) = @_;
	my $piece = $guest->{piece};
	my $order = $piece->{order};
	$guest->finish;
	$state->{guests}++;
	$state->{is_guarded} //= $guest->{is_guarded};
	push @{ $state->{stores} }, map { { %$_, order => $order->{nr} } } @{ $guest->{stores} };
	$order->{done} += @{ $guest->{stores} };
	$state->{total} = $order->{end} = $guest->{total} if $guest->{total} && $state->{what}{mode} eq 'exhaustive';
	$order->{next} = $order->{end} if $guest->{is_last};
	my $last = $guest->{stores}[-1];
	$state->{failed} = $last || $guest->{is_last} ? 0 : $state->{failed} + 1;
	die "the guest cannot go on: @{[$guest->{broken} // 'it says nothing']}\n" if $state->{failed} > FAILED_STARTS_MAX;
	my $from = $last ? $last->{index} + 1 : $piece->{from};
	unshift @{ $state->{pieces} }, { %$piece, from => $from } if $from < $piece->{to} && !$guest->{is_last};
}

sub may_start {
	my ($state, $guests) = @_;
	my $what = $state->{what};
	my $working = grep { !$_->is_waiting(SECONDS_OF_WORK) } @$guests;
	return $working < $what->{jobs} && @$guests < $what->{jobs} + SILENT_MAX && @{ $state->{stores} } < $what->{stores} && !is_over($what);
}

sub start_guests {
	my ($state, $guests) = @_;
	my $what = $state->{what};
	while (may_start($state, $guests)) {
		my $piece = next_piece($state) or last;
		my $left = min($piece->{order}{stores} - $piece->{order}{done}, $what->{stores} - @{ $state->{stores} });
		next if $left <= 0;
		my $guest = SweepGuest->start($what->{machine}, $what->{program}, arguments($what, $piece, min($left, PER_GUEST)));
		$guest->{piece} = $piece;
		push @$guests, $guest;
	}
}

# what: machine, program, seed, mode, audit, stores (how many at most), jobs, deadline, on_progress, and orders: what stores, one after the
# other, each with only, value, stores. { stores, guests, total, is_guarded }: each store has the number of its order.
sub sweep_run {
	my ($what) = @_;
	my $nr = 0;
	my @orders = map { { %$_, nr => $nr++, done => 0, next => 0, end => $what->{mode} eq 'random' ? $_->{stores} : 9e15 } } @{ $what->{orders} };
	my $state = { what => $what, orders => \@orders, stores => [], guests => 0, pieces => [], failed => 0 };
	my ($told, @guests) = (0);
	local $SIG{INT} = local $SIG{TERM} = sub { kill 'TERM', map { $_->{pid} } @guests; exit 130 };
	while (start_guests($state, \@guests), @guests) {
		my $bits = '';
		vec($bits, fileno $_->{out}, 1) = 1 for @guests;
		select my $ready = $bits, undef, undef, SECONDS_BETWEEN_LOOKS;
		my @over = grep { (vec($ready, fileno $_->{out}, 1) && !$_->hear) || $_->is_silent } @guests;
		for my $guest (@over) {
			@guests = grep { $_ != $guest } @guests;
			take_guest($state, $guest);
		}
		if ($what->{on_progress} && time - $told >= SECONDS_BETWEEN_TALES) {
			$what->{on_progress}->($state, map { @{ $_->{stores} } } @guests);
			$told = time;
		}
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
		next unless select my $ready = $bits, undef, undef, SECONDS_BETWEEN_LOOKS;
		last unless $guest->hear;
	}
	return $guest->finish->{stores}[0];
}

1;
