# The structures of C sources and their members, read from the text: what lint holds against tables that list them.
package Structs;
use strict;
use warnings;
use Exporter 'import';
use Lint qw(without_comments);
our @EXPORT_OK = qw(structs_of);

# The name that a declarator declares: "*entries", "slots[NR_ASIDS]", "(*on_leave)(void)".
sub declared {
	my ($declarator) = @_;
	$declarator =~ s{:\s*\w+\s*$}{}; # of a bit field
	$declarator =~ s/\[[^\]]*\]//g;
	return $1 if $declarator =~ /\(\s*\*\s*(\w+)/;
	return $declarator =~ /(\w+)\s*$/ ? $1 : ();
}

# The members of a body. What stands in braces within it is another structure: its members are that one's, unless it has
# neither a name nor a declarator.
sub members_of {
	my ($body) = @_;
	my @members;
	$body =~ s/__attribute__\s*(\((?:[^()]|(?1))*\))//gs;
	$body =~ s/^\s*#.*$//mg;
	$body =~ s/\bstatic_assert\s*\(.*?\);//gs;
	while ($body =~ /\b(?:struct|union)\b\s*\w*\s*(\{(?:[^{}]|(?1))*\})([^;]*);/) {
		my ($start, $end, $inner, $declarators) = ($-[0], $+[0], $1, $2);
		push @members, $declarators =~ /\w/ ? map { declared($_) } split /,/, $declarators : members_of(substr $inner, 1, -1);
		substr($body, $start, $end - $start) = '';
	}
	for my $declaration (split /;/, $body) {
		my @declarators = split /,(?![^(]*\))/, $declaration =~ s/\s+/ /gr;
		push @members, map { declared($_) } grep { /\w/ } @declarators;
	}
	return @members;
}

# structs_of(text, path): name => { line, members => [...] } of each structure that is defined there, also within another.
sub structs_of {
	my ($text, $path) = @_;
	my $code = without_comments($text, $path);
	my %structs;
	while ($code =~ /\bstruct\s+(\w+)\s*(?=(\{(?:[^{}]|(?2))*\})(?!\s*[,)]))/g) {
		my ($name, $body) = ($1, substr($2, 1, -1));
		$structs{$name} = { line => 1 + (substr($code, 0, $-[0]) =~ tr/\n//), members => [members_of($body)] };
	}
	return %structs;
}

1;
