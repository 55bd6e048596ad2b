# The rows of user/shell/commands.def.
package Commands;
use strict;
use warnings;

use Exporter qw(import);

our @EXPORT = qw(commands_of terms_of);

my $STRING = qr/"((?:[^"\\]|\\.)*)"/;

sub unescaped {
	my %escape = (n => "\n", t => "\t");
	return $_[0] =~ s/\\(.)/$escape{$1} \/\/ $1/ger;
}

# commands_of(TEXT) gives a list of { name, line, and what fields the row has }.
sub commands_of {
	my ($text) = @_;
	my @commands;
	$text =~ s{(/\*.*?\*/)}{$1 =~ tr/\n//cdr}gse;
	while ($text =~ /^COMMAND\((\w+),((?:[^"()]|$STRING)*)\)/mg) {
		my %command = (name => $1, line => 1 + (substr($text, 0, $-[0]) =~ tr/\n//));
		my $fields = $2;
		while ($fields =~ /\.(\w+)\s*=\s*((?:$STRING\s*)+)/g) {
			my ($field, $strings) = ($1, $2);
			$command{$field} = join '', map { unescaped($_) } $strings =~ /$STRING/g;
		}
		push @commands, \%command;
	}
	return @commands;
}

# The pairs of a list "TERM\tTEXT\n".
sub terms_of { return map { [split /\t/, $_, 2] } split /\n/, $_[0] // '' }

1;
