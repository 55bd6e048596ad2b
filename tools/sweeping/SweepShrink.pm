# Makes a breach small, and a C program of it.
package SweepShrink;
use strict;
use warnings;
use Exporter 'import';
use File::Basename 'basename';
use File::Path qw(make_path remove_tree);
use SweepRun 'sweep_one';
our @EXPORT_OK = qw(shrink write_program);

# enum act of tests/sweep/guest/sweep/board.h
my @ACTS = qw(CALLS PAGES POOLS GRANT FORK EXEC VICTIM POLICY VISIT);
use constant { ACTS_ALL => 511, TRIES => 3, GUEST => 'tests/sweep/guest' };

sub shows {
	my ($machine, $store, $fact, $acts, $tries) = @_;
	for (1 .. $tries) {
		my $again = sweep_one($machine, 'sweep', $store, $acts);
		return 1 if $again && grep { $_ eq $fact } @{ $again->{facts} };
	}
	return 0;
}

# The fewest activities that the fact takes; undef where it does not show again.
sub shrink {
	my ($machine, $store, $fact) = @_;
	my $acts = ACTS_ALL;
	return undef unless shows($machine, $store, $fact, $acts, TRIES);
	return 0 if shows($machine, $store, $fact, 0, 1);
	for my $bit (0 .. $#ACTS) {
		my $fewer = $acts & ~(1 << $bit);
		$acts = $fewer if shows($machine, $store, $fact, $fewer, 1);
	}
	return $acts;
}

sub acts_c {
	my ($acts) = @_;
	return join(' | ', map { $acts & 1 << $_ ? "ACT_$ACTS[$_]" : () } 0 .. $#ACTS) || '0';
}

sub copy_changed {
	my ($from, $to, $change) = @_;
	open my $in, '<', $from or die "$from: $!\n";
	my $text = do { local $/; <$in> };
	open my $out, '>', $to or die "$to: $!\n";
	print $out $change->($text);
	close $out or die "$to: $!\n";
}

# A folder that EXTRA= takes, with the program `found` and all that it is made of.
sub write_program {
	my ($folder, $store, $fact, $acts, $options) = @_;
	remove_tree($folder);
	make_path("$folder/found", "$folder/etc");
	copy_changed($_, "$folder/found/" . basename($_), sub { $_[0] }) for grep { !m{/sweep\.c$} } glob GUEST . '/sweep/*';
	copy_changed(GUEST . '/canary.c', "$folder/canary.c", sub { $_[0] });
	copy_changed($_, "$folder/etc/" . basename($_), sub { $_[0] =~ s/^program sweep$/program found/mr }) for glob GUEST . '/etc/*';
	open my $out, '>', "$folder/found/found.c" or die "$folder: $!\n";
	print $out "/*\n * What tools/sweep found: $store->{name} = $store->{value} ($store->{size} bytes, $store->{from} becomes $store->{to}) ends in: $fact.\n",
		" *\n *   make run EXTRA=$folder OPTS='$options' CMD='root found'\n */\n#include \"referee.h\"\n\nint main(void)\n{\n",
		"\treturn referee_run_one(\"$store->{name}\", \"$store->{value}\", @{[acts_c($acts)]});\n}\n";
	close $out or die "$folder: $!\n";
}

1;
