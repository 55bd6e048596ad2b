# Makes what was found small, and a C program of it.
package Shrink;
use strict;
use warnings;
use Boot 'boot';
use Exporter 'import';
use File::Basename 'basename';
use File::Path qw(make_path remove_tree);
our @EXPORT_OK = qw(shrink write_reproducer);

# A leak of objects shows in the third look, one of frames in ten.
use constant { PER_BATCH => 40, BATCHES => 10, FEW => 8, BATCHES_OF_MANY => 4, SECONDS => 60, WORKERS_RACING => 4 };

# Does it fail again? The machine is looked at after each batch; whatever is wrong counts.
sub fails {
	my ($case, @sequences) = @_;
	return 0 if $case->{tries_left}-- <= 0 || time > $case->{deadline};
	my $result = boot({ %{ $case->{machine} }, seconds => SECONDS, sequences => \@sequences, on_progress => undef,
		settings => { replay => 1, workers => $case->{workers}, batches => @sequences > FEW ? BATCHES_OF_MANY : BATCHES,
			'per-batch' => @sequences > FEW ? scalar @sequences : PER_BATCH * @sequences,
			window => 2, 'stuck-ms' => 5000 } });
	$case->{again} = $result if $result->{failure};
	return defined $result->{failure};
}

sub unique {
	my %seen;
	return grep { !$seen{$_}++ } @_;
}

# The fewest of the sequences that fail alone, the likeliest last; none where they do not.
sub fewest {
	my ($case, @suspects) = @_;
	for my $workers (1, WORKERS_RACING) {
		$case->{workers} = $workers;
		next unless fails($case, @suspects);
		while (@suspects > FEW) {
			my $middle = @suspects / 2;
			my ($half) = grep { fails($case, @$_) } [@suspects[$middle .. $#suspects]], [@suspects[0 .. $middle - 1]];
			@suspects = @{ $half // last };
		}
		for my $one (reverse @suspects) {
			return ($one) if @suspects > 1 && fails($case, $one);
		}
		for (my $i = 0; $i < @suspects && @suspects > 1;) {
			my @rest = @suspects[grep { $_ != $i } 0 .. $#suspects];
			fails($case, @rest) ? (@suspects = @rest) : $i++;
		}
		return @suspects;
	}
	return ();
}

# Calls whose result others take keep their place, so these numbers must move.
sub without_call {
	my ($nth, @calls) = @_;
	my @rest = @calls[grep { $_ != $nth } 0 .. $#calls];
	for (@rest) {
		my $result = sprintf 'r%x', $nth;
		return () if /[(,]\Q$result\E[,)]/;
		s/([(,])r([0-9a-f]+)(?=[,)])/"$1r" . sprintf('%x', hex($2) > $nth ? hex($2) - 1 : hex $2)/ge;
	}
	return @rest;
}

# One sequence with fewer calls, fewer repeats, fewer flags.
sub smaller {
	my ($case, $sequence) = @_;
	my ($flags, $text) = $sequence =~ m{^([rpw]*)/(.*)};
	my @calls = split /(?<=;)/, $text;
	for (my $i = $#calls; $i >= 0 && @calls > 1; $i--) {
		my @rest = without_call($i, @calls);
		@calls = @rest if @rest && fails($case, "$flags/" . join '', @rest);
	}
	for my $flag (split //, $flags) {
		my $fewer = $flags =~ s/$flag//r;
		$flags = $fewer if fails($case, "$fewer/" . join '', @calls);
	}
	for my $i (grep { $calls[$_] =~ /\*/ } 0 .. $#calls) {
		my @once = @calls;
		$once[$i] =~ s/\*[0-9a-f]+;/;/;
		@calls = @once if fails($case, "$flags/" . join '', @once);
	}
	return "$flags/" . join '', @calls;
}

# machine: as boot takes it; suspects: sequences, the likeliest last. { sequences, workers, complaint } or undef where it does
# not fail again.
sub shrink {
	my ($machine, $seconds, @suspects) = @_;
	return undef unless @suspects;
	my %case = (machine => $machine, tries_left => 60, deadline => time + $seconds);
	my @few = fewest(\%case, unique(@suspects)) or return undef;
	@few = (smaller(\%case, $few[0])) if @few == 1;
	return { sequences => \@few, workers => $case{workers}, complaint => $case{again}{failure}, panic => $case{again}{panic} };
}

# ---- As C ----

sub argument_c {
	my ($text) = @_;
	my %special = (self => 'SPECIAL(SPECIAL_SELF, 0)', parent => 'SPECIAL(SPECIAL_PARENT, 0)');
	return $special{$text} // ($text =~ /^r(.*)/ ? "SPECIAL(SPECIAL_RESULT, @{[hex $1]})" : $text =~ /^k(.*)/ ? "SPECIAL(SPECIAL_CANARY, 0x$1)"
		: $text =~ /^m(.*)/ ? "-0x$1ul" : "0x$text");
}

sub sequence_c {
	my ($sequence) = @_;
	my ($flags, $text) = $sequence =~ m{^([rpw]*)/(.*)};
	my %flag = (r => 'SEQUENCE_ROOT', p => 'SEQUENCE_PROCESSES', w => 'SEQUENCE_WATCHED');
	my @calls = $text =~ /([^;]+);/g;
	my $c = "\t{ .flags = " . (join(' | ', map { $flag{$_} } split //, $flags) || '0') . ", .nr_calls = @{[scalar @calls]}, .calls = {\n";
	for my $i (0 .. $#calls) {
		my ($thread, $name, $arguments, $repeat) = $calls[$i] =~ /^(\d)(\w+)\(([^)]*)\)(?:\*([0-9a-f]+))?$/ or die "not a call: $calls[$i]\n";
		$c .= sprintf "\t\t/* %d */ { KIND_%s, .thread = %d, .repeat = %d, .arguments = { %s } },\n", $i, $name, $thread, hex($repeat // 1),
			join(', ', map { argument_c($_) } split /,/, $arguments) || '0';
	}
	return "$c\t} },\n";
}

# A folder that EXTRA= takes, with the program `found` and all that it is made of.
sub write_reproducer {
	my ($folder, $found) = @_;
	remove_tree($folder);
	make_path("$folder/found");
	my @parts = grep { !m{/(?:fuzz|worker|input|generate|values)\.[ch]$} } glob('tests/fuzz/guest/fuzz/*'), glob('tests/fuzz/reproducer/*'),
		'tests/fuzz/kernel/fuzz_abi.h';
	for my $part (@parts) {
		open my $in, '<', $part or die "$part: $!\n";
		my $text = do { local $/; <$in> };
		open my $out, '>', "$folder/" . ($part =~ /\.c$/ ? 'found/' : '') . basename($part) or die "$folder: $!\n";
		print $out $text =~ s{"\.\./\.\./kernel/}{"}gr;
	}
	system('cp', 'tests/fuzz/guest/nothing.c', $folder) == 0 or die "$folder: cp\n";
	my $complaint = $found->{complaint} =~ s{\*/}{* /}gr;
	open my $out, '>', "$folder/found/found.c" or die "$folder: $!\n";
	print $out "/*\n * What tools/fuzz found: $complaint\n * On BUILD=@{[$found->{build} // 'fuzz']}, OPTS='$found->{options}': \`root found\`.\n */\n",
		"#include \"replay.h\"\n\n", "/* Arguments are those of the calls; sequence.h says what SPECIAL is. */\n",
		"static const struct sequence sequences[] = {\n", (map { sequence_c($_) } @{ $found->{sequences} }), "};\n\n",
		"int main(void)\n{\n\treturn replay(sequences, sizeof(sequences) / sizeof(sequences[0]), $found->{workers}, @{[BATCHES]});\n}\n";
	close $out or die "$folder: $!\n";
}

1;
