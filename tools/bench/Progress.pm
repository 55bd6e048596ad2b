# Progress on stderr: one line that is rewritten on a terminal, now and then a line elsewhere.
package Progress;
use strict;
use warnings;

use constant SECONDS_BETWEEN_LINES => 20;

# total: the sum of the weights of all steps, in whatever unit
sub new {
	my ($class, $total) = @_;
	return bless { total => $total, done => 0, start => time, shown => 0, tty => -t STDERR }, $class;
}

sub left {
	my ($self) = @_;
	return '' unless $self->{done};
	my $seconds = (time - $self->{start}) * ($self->{total} - $self->{done}) / $self->{done};
	return $seconds < 90 ? sprintf(', %d s left', $seconds + 1) : sprintf(', %d min left', $seconds / 60 + 1);
}

sub show {
	my ($self, $what) = @_;
	my $line = sprintf '%3d %%%s: %s', 100 * $self->{done} / $self->{total}, $self->left, $what;
	if ($self->{tty}) {
		print STDERR "\r\e[K\e[2m$line\e[0m";
	} elsif (time - $self->{shown} >= SECONDS_BETWEEN_LINES) {
		print STDERR "  $line\n";
		$self->{shown} = time;
	}
}

sub advance {
	my ($self, $weight) = @_;
	$self->{done} += $weight;
}

sub finish {
	my ($self) = @_;
	print STDERR "\r\e[K" if $self->{tty};
}

1;
