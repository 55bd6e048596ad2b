# The tests that there are, by name: kind/NAME, or BUILD/NAME for those that boot the kernel.
package Tests;
use strict;
use warnings;
use Exporter 'import';
use File::Basename 'basename';
use List::Util qw(min uniq);
our @EXPORT_OK = qw(all_tests choose);

use constant NEAR_NAMES_MAX => 6;

sub named { my ($kind, $path) = @_; return "$kind/" . basename($path) =~ s/\.\w+\z//r }

# The line "# builds: WORD..." of the comment that a test begins with; debug and release without one.
sub builds_of {
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	while (my $line = <$file>) {
		return split ' ', $1 if $line =~ /^# builds:(.*)/;
		last unless $line =~ /^#/;
	}
	return qw(debug release);
}

# name => { build, command, source }
sub all_tests {
	my %tests;
	for my $kind (qw(lint model fuzz report)) {
		$tests{ named($kind, $_) } = { build => 'debug', command => $_, source => $_ } for glob "tests/$kind/*.t";
	}
	$tests{ named('pcid', $_) } = { build => 'pcid', command => $_, source => $_ } for glob 'tests/pcid/*.t';
	for (glob 'tests/host/*.c') {
		my $name = named('host', $_);
		$tests{$name} = { build => 'debug', command => "build/$name", source => $_ };
	}
	for my $path (glob 'tests/qemu/*.t') {
		$tests{ named($_, $path) } = { build => $_, command => $path, source => $path } for builds_of($path);
	}
	return \%tests;
}

# A shell pattern as a regular expression.
sub regex_of {
	my ($pattern) = @_;
	my $regex = join '', map { $_ eq '*' ? '.*' : $_ eq '?' ? '.' : /^\[.+\]\z/ ? $_ =~ s/^\[!/[^/r : quotemeta } $pattern =~ /\[[^]\/]+\]|./sg;
	return qr/\A$regex\z/;
}

# "lint/" is all of a kind; a word without a folder is a name in any of them.
sub fits {
	my ($word, $name) = @_;
	return index($name, $word) == 0 if $word =~ m{/\z};
	return ($word =~ m{/} ? $name : basename($name)) =~ regex_of($word);
}

# How many letters must be put in, taken out or changed to make one word the other.
sub distance {
	my ($one, $other) = @_;
	my @row = 0 .. length $other;
	for my $i (1 .. length $one) {
		my @next = ($i);
		for my $j (1 .. length $other) {
			my $is_same = substr($one, $i - 1, 1) eq substr($other, $j - 1, 1);
			push @next, min($row[$j] + 1, $next[-1] + 1, $row[$j - 1] + ($is_same ? 0 : 1));
		}
		@row = @next;
	}
	return $row[-1];
}

sub near_names {
	my ($word, @names) = @_;
	my $letters = $word =~ s/[][*?!]//gr;
	my %distance;
	for my $name (@names) {
		my $part = $letters =~ m{/} ? $name : basename($name);
		my $is_part = length $letters && index($part, $letters) >= 0;
		$distance{$name} = $is_part ? 1 : distance($letters, $part);
	}
	my $most = (length(basename($letters)) + 1) / 3;
	my @near = grep { $distance{$_} <= $most } @names;
	@near = sort { $distance{$a} <=> $distance{$b} || $a cmp $b } @near;
	return @near > NEAR_NAMES_MAX ? @near[0 .. NEAR_NAMES_MAX - 1] : @near;
}

# The names that fit any of the words, all without words; dies with what is wrong about a word that fits none.
sub choose {
	my ($tests, @words) = @_;
	my @names = sort keys %$tests;
	return @names unless @words;
	for my $word (@words) {
		next if grep { fits($word, $_) } @names;
		my @near = near_names($word, @names);
		die "no test is called $word; ", @near ? "did you mean @{[join ', ', @near]}?" : 'tools/test --list names them all', "\n";
	}
	return grep { my $name = $_; grep { fits($_, $name) } @words } @names;
}

1;
