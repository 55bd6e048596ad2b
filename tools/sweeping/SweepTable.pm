# What a sweep found, as a table, and which of it is known.
package SweepTable;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(breaches is_known key known_list summary table);

my @VERDICTS = qw(breach violation stop fault refusal nothing);

# Members of arrays are one.
sub key {
	my ($store) = @_;
	return "$store->{kind}:" . $store->{member} =~ s/\[\d+\]/[]/gr;
}

# A file of lines "KIND:MEMBER FACT..." or "KIND:MEMBER=VALUE FACT...", with * for anything.
sub known_list {
	my ($path) = @_;
	open my $file, '<', $path or die "sweep: $path: $!\n";
	my @rows;
	for my $line (<$file>) {
		my ($pattern, @facts) = split ' ', $line =~ s/#.*//sr;
		next unless defined $pattern;
		my $regex = join '.*', map { quotemeta } split /\*/, $pattern, -1;
		push @rows, map { { pattern => qr/^$regex$/, fact => $_ } } @facts;
	}
	return \@rows;
}

sub is_known {
	my ($known, $store, $fact) = @_;
	my $key = key($store);
	return grep { $fact eq $_->{fact} && ($key =~ $_->{pattern} || "$key=$store->{value}" =~ $_->{pattern}) } @$known;
}

sub summary {
	my (@stores) = @_;
	my %nr;
	$nr{ $_->{verdict} }++ for @stores;
	return join ', ', map { ($nr{$_} // 0) . " $_" } @VERDICTS;
}

sub facts { my (@stores) = @_; my %facts; $facts{$_}++ for map { @{ $_->{facts} } } @stores; return join ', ', map { "$_ $facts{$_}" } sort keys %facts }

sub row {
	my ($name, @stores) = @_;
	my %nr;
	$nr{ $_->{verdict} }++ for @stores;
	return '| ' . join(' | ', $name, scalar @stores, (map { $nr{$_} // '' } @VERDICTS), facts(@stores)) . " |\n";
}

# By kind, with a row for each member that ended in a breach.
sub table {
	my ($stores) = @_;
	my (%kinds, $text);
	push @{ $kinds{ $_->{kind} }{ key($_) } }, $_ for @$stores;
	$text = '| structure, member | stores | ' . join(' | ', @VERDICTS) . " | facts |\n|---|" . '---|' x (2 + @VERDICTS) . "\n";
	for my $kind (sort keys %kinds) {
		my $members = $kinds{$kind};
		$text .= row("**$kind**", map { @$_ } values %$members);
		for my $key (sort keys %$members) {
			$text .= row('`' . $key =~ s/^[^:]*://r . '`', @{ $members->{$key} }) if grep { $_->{verdict} eq 'breach' } @{ $members->{$key} };
		}
	}
	return $text . row('**all**', @$stores);
}

# What ended in a breach: by member, in which facts, and by which values.
sub breaches {
	my ($stores) = @_;
	my (%facts, %values);
	for my $store (grep { $_->{verdict} eq 'breach' } @$stores) {
		$facts{ key($store) }{$_} = 1 for @{ $store->{facts} };
		$values{ key($store) }{ $store->{value} =~ s/-\d+\z//r } = 1;
	}
	return "| member | facts | values |\n|---|---|---|\n"
		. join '', map { "| `$_` | " . join(', ', sort keys %{ $facts{$_} }) . ' | ' . join(', ', map { "`$_`" } sort keys %{ $values{$_} }) . " |\n" }
		sort keys %facts;
}

1;
