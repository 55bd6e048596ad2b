# What a test needs to be there: the line "# needs: WORD..." of the comment that it begins with.
#
#   direct         the kernel of the build under test, and the boot archive
#   replay         that kernel, of BUILD=pcid, the archive of test-programs, and the replay (docs/pcid.md)
#   test-programs  that kernel, and an archive with the programs of tests/qemu/programs beside Bulwark's own
#   sweep          that kernel, and an archive with the sweep's programs
#   iso            the boot ISO of that build, and what is in it
#   kernels        the kernels of all builds, without ISOs
#   fuzz-kernel    the kernel of BUILD=fuzz, and an archive with the fuzzer
#   headers        what is generated from kernel/abi
#   everything     all that is compiled: the kernels, programs, host tests
#   GROUP          a group of packages in tools/deps
#   nothing        this alone
#
# A test without such a line gets all of it. A host test needs its own program, and nothing else.
package Needs;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(goals);

my %OF_BUILD = map { $_ => 1 } qw(direct iso replay sweep test-programs);
my %OF_ALL = map { $_ => 1 } qw(kernels headers everything fuzz-kernel);

sub package_groups {
	open my $deps, '<', 'tools/deps' or die "tools/deps: $!\n";
	return grep { $_ ne 'build' } map { /^\t\[(\w+)\]=/ ? $1 : () } <$deps>;
}

sub lines_of {
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	return <$file>;
}

# What the test declares; undef where it declares nothing.
sub declared {
	my (@lines) = @_;
	for my $line (@lines) {
		return [split ' ', $1] if $line =~ /^# needs:(.*)/;
		return undef unless $line =~ /^#/;
	}
	return undef;
}

# A test of the other build alone is only skipped.
sub is_skipped {
	my ($build, @lines) = @_;
	return scalar grep { /^(release|debug)_only$/ && $1 ne $build } @lines;
}

sub goal {
	my ($word, $build) = @_;
	return $OF_BUILD{$word} ? "need-$word-$build" : $OF_ALL{$word} ? "need-$word" : "need-package-$word";
}

# The goals for make of one test; dies where it declares what there is not.
sub goals {
	my ($name, $test) = @_;
	return "need-$1" =~ s{/}{-}r if $name =~ m{^(host/.*)};
	my @lines = lines_of($test->{source});
	my @all = (sort(keys %OF_BUILD, keys %OF_ALL), sort(package_groups()));
	my @words = @{ declared(@lines) // \@all };
	return () if "@words" eq 'nothing';
	for my $word (@words) {
		die "$test->{source}: needs: there is no $word; there are: @all\n" unless grep { $_ eq $word } @all;
	}
	die "$test->{source}: needs: no word; there are: nothing @all\n" unless @words;
	return () if is_skipped($test->{build}, @lines);
	return map { goal($_, $test->{build}) } @words;
}

1;
