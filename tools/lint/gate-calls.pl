#!/usr/bin/perl
# gate-calls.pl FOLDER, of the gate's object files: what its operations use from outside, the rules list. Files that
# are no part of an operation the rules list, too.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin;
use Lint;

my $folder = shift or die "usage: gate-calls.pl FOLDER\n";
my ($uses) = map { $_->[0] } rules('gate-uses');
my ($outside) = map { $_->[0] } rules('gate-outside');
my (%defined, %used);

for my $object (glob "$folder/*.o $folder/*/*.o") {
	my ($file) = $object =~ m{([^/]+)\.\w+\.o$};

	next if $file =~ /^(?:$outside)$/;
	open my $names, '-|', 'nm', $object or die "lint: nm: $!\n";
	while (<$names>) {
		my ($kind, $name) = /(\w) (\S+)$/ or next;

		$kind eq 'U' ? $used{$name} //= $object : $defined{$name}++;
	}
	close $names or die "lint: nm $object failed\n";
}
violation($folder, 1, 'no object files') unless %defined;
for my $name (sort keys %used) {
	next if $defined{$name} || $name =~ /^(?:$uses)$/;
	violation($used{$name}, 1, "$name is neither the gate's nor what it may use of others");
}
finish();
