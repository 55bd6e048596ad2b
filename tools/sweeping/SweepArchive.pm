# The boot archive of a sweep: of the whole one what a sweep runs. The witness sums up every byte of it twice a store.
package SweepArchive;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(small_archive);

use constant { BLOCK => 512, NAME => 'Z100', SIZE => 'x124 a12', BLOCKS_AT_END => 2 };

my %WANTED = map { $_ => 1 } qw(bin/ etc/ bin/init bin/sh bin/sweep bin/canary bin/caged etc/policy etc/policy-other);

# The members of an archive that are wanted, as they are: each a block that says what it is, then its bytes.
sub members {
	my ($all) = @_;
	my ($kept, $at) = ('', 0);
	while ($at + BLOCK <= length $all) {
		my $name = unpack NAME, substr $all, $at, BLOCK;
		last if $name eq '';
		my $bytes = oct(unpack(SIZE, substr $all, $at, BLOCK) =~ s/[^0-7].*//sr);
		my $whole = BLOCK + BLOCK * int(($bytes + BLOCK - 1) / BLOCK);
		$kept .= substr $all, $at, $whole if $WANTED{$name};
		$at += $whole;
	}
	return $kept;
}

# Writes it, and returns where.
sub small_archive {
	my ($from, $to) = @_;
	open my $in, '<:raw', $from or die "$from: $!\n";
	my $all = do { local $/; <$in> };
	open my $out, '>:raw', $to or die "$to: $!\n";
	print $out members($all), "\0" x (BLOCK * BLOCKS_AT_END) or die "$to: $!\n";
	close $out or die "$to: $!\n";
	return $to;
}

1;
