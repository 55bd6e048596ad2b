# Mutants: drawn by seed, or read from a file; and the list of those that change nothing that matters.
package Mutants;
use strict;
use warnings;
use Exporter 'import';
use FindBin '$Bin';
use lib "$Bin/../tests/model";
use Assembly 'assembly_sites';
use Mutations qw(mutations mutate);
use Objects 'linked_as';
use Operators qw(sites KINDS);
our @EXPORT_OK = qw(files_of drawer mutants_read equivalents_read block_of);

# Not what only a debug build has, nor the audit's plants; offsets.c becomes no code.
sub files_of {
	my @patterns = @_;
	my @all = map { chomp; $_ } qx(find kernel boot -name '*.c' -o -name '*.asm' -o -name '*.inc' | sort);
	@all = grep { !/\.(?:debug|release|assert|kasan|race)\.\w+$|offsets\.c$/ } @all;
	my @found = map { my $file = $_; (grep { $file =~ /^$_$/ } map { quotemeta($_) =~ s/\\\*/.*/gr =~ s/\\\?/./gr } @patterns) ? $file : () } @all;
	return @found;
}

sub text_of {
	local (@ARGV, $/) = @_;
	return scalar <>;
}

sub plain { return join ' ', split ' ', $_[0] }

# A function that returns the next mutant by seed, each once: a kind, each as likely, then a place of that kind in all of the files.
sub drawer {
	my ($seed, @files) = @_;
	my (%text, %by_kind);
	for my $file (@files) {
		$text{$file} = text_of($file);
		push @{ $by_kind{ $_->{kind} } }, { %$_, file => $file } for $file =~ /\.c$/ ? sites($text{$file}) : assembly_sites($text{$file});
	}
	srand $seed;
	return sub {
		my @kinds = grep { @{ $by_kind{$_} // [] } } KINDS;
		return undef unless @kinds;
		my $places = $by_kind{ $kinds[rand @kinds] };
		my ($mutant) = splice @$places, rand @$places, 1;
		my $text = $text{ $mutant->{file} };
		substr $text, $mutant->{at}, length $mutant->{from}, $mutant->{to};
		return { %$mutant, text => $text, sound => $text{ $mutant->{file} }, linked => linked_as($mutant->{file}) };
	};
}

# Those of a file in the form of tests/model/Mutations.pm; one whose pattern does not match has a problem.
sub mutants_read {
	my ($path) = @_;
	return map { my $mutation = $_;
		my ($text, $problem) = mutate($mutation);
		my $sound = text_of($mutation->{file});
		my ($kind) = $mutation->{name} =~ /^(\w+)\b/;
		{ file => $mutation->{file}, name => $mutation->{name}, kind => $mutation->{kind} // 'given', text => $text, problem => $problem,
			expect => $mutation->{expect}, sound => $sound, linked => linked_as($mutation->{file}), line => line_of($sound, $text // $sound) }
	} mutations($path);
}

sub line_of {
	my ($sound, $text) = @_;
	my @lines = split /^/, $sound;
	my @others = split /^/, $text;
	my $i = 0;
	$i++ while $i < @lines && $i < @others && $lines[$i] eq $others[$i];
	return $i + 1;
}

# { "FILE TEXT" => reason } of the list; dies where an entry fits no more.
sub equivalents_read {
	my ($path) = @_;
	return { map {
		die "$path: $_->{name}: $_->{problem}\n" if defined $_->{problem};
		($_->{file} . ' ' . plain($_->{text}) => $_->{name}) } mutants_read($path) };
}

# The key of a mutant in the list.
sub key_of { return $_[0]{file} . ' ' . plain($_[0]{text}) }

# The mutant in the form of Mutations.pm: the lines that differ, and above and below as many as make them unique.
sub block_of {
	my ($mutant, $name) = @_;
	my @old = split /^/, $mutant->{sound};
	my @new = split /^/, $mutant->{text};
	my ($start, $end) = (0, 0);
	$start++ while $start < @old && $start < @new && $old[$start] eq $new[$start];
	$end++ while $end < @old - $start && $end < @new - $start && $old[-1 - $end] eq $new[-1 - $end];
	my ($pattern, $times);
	do {
		$pattern = join '\s+', map { quotemeta } split ' ', join '', @old[$start .. $#old - $end];
		$times = length $pattern ? () = $mutant->{sound} =~ /$pattern/g : 2;
		if ($times != 1) {
			$start-- if $start;
			$end-- if $end;
		}
	} until $times == 1 || (!$start && !$end);
	return "== $name\n$mutant->{file}\n" . join('', map { "-$_" } @old[$start .. $#old - $end]) . join('', map { "+$_" } @new[$start .. $#new - $end]);
}

1;
