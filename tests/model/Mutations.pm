# Files of mutations, and how they are applied. Blocks:
#
#   == what is broken
#   FILE
#   -text that must occur exactly once in the file, white space aside
#   +what replaces it
#   KEY: value (optional, before the text)
package Mutations;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(mutations mutate);

# { name, file, KEY, edits => [[from, to], ...] }
sub mutations {
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	my (@all, $last);
	while (my $line = <$file>) {
		if ($line =~ /^== (.*)/) {
			push @all, { name => $1, edits => [] };
			$last = '';
		} elsif (@all && $line =~ /^([-+])(.*\n)/) {
			push @{$all[-1]{edits}}, ['', ''] if $1 eq '-' && $last ne '-';
			$all[-1]{edits}[-1][$1 eq '+'] .= $2;
			$last = $1;
		} elsif (@all && $line =~ /^(\w+): (.*)/) {
			$all[-1]{$1} = $2;
		} elsif (@all && $line =~ /^(\w\S*)$/) {
			$all[-1]{file} = $1;
		}
	}
	return @all;
}

# The mutated text, or undef and why not.
sub mutate {
	my ($mutation) = @_;
	local (@ARGV, $/) = ($mutation->{file});
	my $text = <>;
	for my $edit (@{$mutation->{edits}}) {
		my ($from, $to) = @$edit;
		my $pattern = join '\s+', map { quotemeta } split ' ', $from;
		my $found = () = $text =~ /$pattern/g;
		return (undef, "the pattern matches $found times:\n$from") if $found != 1;
		$text =~ s/$pattern/$to/;
	}
	return $text;
}

1;
