# The boot options, from kernel/abi/options.def.
package Options;
use strict;
use warnings;
use Def qw(rows table_path);
use Exporter 'import';
our @EXPORT_OK = qw(options option_named);

sub check {
	my ($path, $row) = @_;
	my ($name, $line) = @$row{qw(name line)};
	for my $value (@$row{qw(default weakest strongest)}) {
		die "$path:$line: $name: $value is not one of @{ $row->{values} }\n"
			if defined $value && !grep { $_ eq $value } @{ $row->{values} };
	}
}

# All of them, in the order of the table: {name, default, values => [...], help}, a defence also {weakest, strongest}.
sub options {
	my $path = table_path('options');
	my (@options, %seen);
	for my $row (rows('options')) {
		die "$path:$row->{line}: $row->{name} has a row above\n" if $seen{ $row->{name} }++;
		$row->{values} = [split /\|/, $row->{values}];
		if ($row->{strength} ne '') {
			@$row{qw(weakest strongest)} = $row->{strength} =~ /^(\w+)\.\.(\w+)$/
				or die "$path:$row->{line}: $row->{name}: $row->{strength} is not WEAKEST..STRONGEST\n";
		}
		check($path, $row);
		push @options, $row;
	}
	return @options;
}

sub option_named {
	my ($name) = @_;
	my ($option) = grep { $_->{name} eq $name } options();
	return $option // die table_path('options') . " has no option $name\n";
}

1;
