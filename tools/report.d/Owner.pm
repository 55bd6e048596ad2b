# Owners of frames, as the guest names them, and the colour class that stands for each: the same in every picture.
package Owner;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(owner_class owner_words);

# The first that fits; the names are those of policy.def and of the guest's `map`.
my @CLASSES = (
	[qr/several|mixed/i => 'several'],
	[qr/user.*(?:mapped|direct map|visible|revealed)/i => 'usermapped'],
	[qr/user/i => 'user'],
	[qr/free.*hid|hidden.*free/i => 'freehidden'],
	[qr/free/i => 'free'],
	[qr/(?:pool|plain).*open|open pool/i => 'poolopen'],
	[qr/plain|alias/i => 'poolalias'],
	[qr/pool|seal/i => 'pool'],
	[qr/ptable|page.?table/i => 'ptable'],
	[qr/entry/i => 'entry'],
	[qr/image/i => 'image'],
	[qr/reserved|firmware|hole|device/i => 'reserved'],
	[qr/kernel/i => 'kernel'],
);

sub owner_class {
	my ($name) = @_;
	for my $row (@CLASSES) {
		return $row->[1] if $name =~ $row->[0];
	}
	return 'other';
}

# "USER_HIDDEN" as people write it
sub owner_words {
	my ($name) = @_;
	return $name =~ /^[A-Z_]+$/ ? lc($name =~ tr/_/ /r) : $name;
}

1;
