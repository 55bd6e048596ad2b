# Which rows and columns of the matrix are wanted.
package Choice;
use strict;
use warnings;
use Exporter 'import';
use Near 'near_words';
our @EXPORT_OK = qw(choose);

# "xpfo_*" as a regular expression
sub pattern {
	my ($glob) = @_;
	my $regex = join '', map { $_ eq '*' ? '.*' : $_ eq '?' ? '.' : quotemeta } split //, $glob;
	return qr/^$regex$/;
}

sub names {
	my ($column) = @_;
	return @$column{qw(name group)}, map { @$_{qw(name group)} } @{ $column->{also} // [] };
}

sub refuse {
	my ($word, $rows, $columns) = @_;
	my ($kind, $name) = $word =~ /^(?:(attack|config):)?(.*)/;
	my @names = ($kind // '') eq 'config' ? () : map { $_->{name} } @$rows;
	push @names, ($kind // '') eq 'attack' ? () : map { names($_) } @$columns;
	print STDERR "matrix: nothing is called $word", near_words($name, @names), " There are:\n",
		"  attack:NAME   ", join(' ', map { $_->{name} } @$rows), "\n",
		"  config:NAME   ", join(' ', map { $_->{name} } @$columns), "\n";
	exit 2;
}

# The rows and columns that the words choose: all of those of which no word speaks.
sub choose {
	my ($words, $rows, $columns) = @_;
	my (%row, %column);
	for my $word (split ' ', $words) {
		my ($kind, $glob) = $word =~ /^(?:(attack|config):)?(.*)/;
		my $pattern = pattern($glob);
		my @rows = ($kind // 'attack') eq 'attack' ? grep { $_->{name} =~ $pattern } @$rows : ();
		my @columns = ($kind // 'config') eq 'config' ? grep { grep { $_ =~ $pattern } names($_) } @$columns : ();
		refuse($word, $rows, $columns) unless @rows || @columns;
		$row{ $_->{name} } = 1 for @rows;
		$column{ $_->{name} } = 1 for @columns;
	}
	return ([grep { !%row || $row{ $_->{name} } } @$rows], [grep { !%column || $column{ $_->{name} } } @$columns]);
}

1;
