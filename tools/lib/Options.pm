# The boot options, from kernel/abi/options.def.
package Options;
use strict;
use warnings;
use Def qw(rows table_path);
use Exporter 'import';
use Near 'near_words';
our @EXPORT_OK = qw(options option_named opts_complaint);

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

sub word_complaint {
	my ($word, $options, $seen) = @_;
	my ($name, $value) = $word =~ /^([^=]*)(?:=(.*))?$/s;
	$word = substr($word, 0, 40) . '...' if length $word > 40;
	return "$word: the command is not one of the OPTS: give CMD='...'" if $name eq 'cmd';
	my $option = $options->{$name};
	return "$word: there is no such boot option" . near_words($name, keys %$options) . " There are: @{[sort keys %$options]}" unless $option;
	my @values = @{ $option->{values} };
	return "$word: it needs =VALUE, one of @values" unless defined $value;
	return "$word: $name has no such value" . near_words($value, @values) . " There are: @values"
		unless grep { $_ eq $value } @values;
	return "$word: $name is given twice" if $seen->{$name}++;
	return;
}

# Why the kernel would refuse one of these words of its command line; undef where it takes them all.
sub opts_complaint {
	my ($opts) = @_;
	my %options = map { $_->{name} => $_ } options();
	my %seen;
	for my $word (split ' ', $opts) {
		my $complaint = word_complaint($word, \%options, \%seen);
		return $complaint if defined $complaint;
	}
	return;
}

1;
