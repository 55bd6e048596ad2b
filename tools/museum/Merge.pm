# Where the result of a run goes. The full matrix, all attacks on all configurations, is matrix.json. A part of it takes the
# place of the same cells there where all else is the same, the kernel and the programs to the byte; any other part goes to
# matrix-partial.json, so that it can spoil nothing.
package Merge;
use strict;
use warnings;
use Digest::SHA;
use JSON::PP ();
use Exporter 'import';
our @EXPORT_OK = qw(identity full_matrix merge summarise);

my $json = JSON::PP->new->canonical;

# Of what was run; undef where it cannot be told.
sub identity {
	my ($files, @more) = @_;
	my $digest = Digest::SHA->new(256);
	eval { $digest->addfile($_, 'b') for @$files; 1 } or return;
	$digest->add($json->encode(\@more));
	return $digest->hexdigest;
}

# The full matrix at this path if it has that identity.
sub full_matrix {
	my ($path, $identity) = @_;
	open my $file, '<:raw', $path or return;
	local $/;
	my $matrix = eval { JSON::PP->new->utf8->decode(scalar <$file>) } // return;
	return ref $matrix eq 'HASH' && !$matrix->{partial} && defined $identity && ($matrix->{identity} // '') eq $identity ? $matrix : undef;
}

# Fills in what is counted: unexpected cells count, and those that were skipped.
sub summarise {
	my ($matrix, $seconds) = @_;
	my $unexpected = @{ $matrix->{unexpected} };
	my $nr = @{ $matrix->{attacks} } * @{ $matrix->{configurations} };
	my @skipped;
	for my $attack (map { $_->{name} } @{ $matrix->{attacks} }) {
		push @skipped, map { "$attack, $_->{name}" } grep { (($matrix->{cells}{$attack}{ $_->{name} } // {})->{outcome} // '') eq 'SKIP' }
			@{ $matrix->{configurations} };
	}
	$matrix->{summary} = { cells => $nr, as_expected => $nr - $unexpected, unexpected => $unexpected, skipped => \@skipped,
		seconds => $seconds };
}

# Puts the cells of a part into the full matrix.
sub merge {
	my ($full, $part) = @_;
	my (%is_new, %column);
	for my $attack (map { $_->{name} } @{ $part->{attacks} }) {
		for my $name (map { $_->{name} } @{ $part->{configurations} }) {
			$full->{cells}{$attack}{$name} = $part->{cells}{$attack}{$name};
			$is_new{$attack}{$name} = 1;
		}
	}
	$full->{guest}{$_} = $part->{guest}{$_} for keys %{ $part->{guest} };
	$full->{unexpected} = [(grep { !$is_new{ $_->{attack} }{ $_->{configuration} } } @{ $full->{unexpected} }), @{ $part->{unexpected} }];
	my %is_wrong = map { $_->{configuration} => 1 } @{ $full->{unexpected} };
	$column{ $_->{name} } = $_ for @{ $part->{configurations} };
	for my $configuration (@{ $full->{configurations} }) {
		my $error = ($column{ $configuration->{name} } // {})->{error};
		$configuration->{error} = $error if defined $error;
		delete $configuration->{error} unless $is_wrong{ $configuration->{name} };
	}
	push @{ $full->{merged} }, { made => $part->{made}, cells => $part->{summary}{cells} };
	summarise($full, $full->{summary}{seconds} + $part->{summary}{seconds});
}

1;
