# A dump of the machine's memory, as QEMU's `pmemsave` writes it: page tables, and the kernel's variables through them.
package Dump;
use strict;
use warnings;
no warnings 'portable';
use Exporter 'import';
our @EXPORT = qw(dump_read table read_virtual read_physical address_of read_variable $memory $nr_frames $registers $cr3 $loaded
	$PRESENT $WRITE $USER $LARGE $NX $ADDRESS $LAYOUT $LAYOUT_IMAGE_BASE
	$FRAME_ENTRY_SIZE $OWNER_PTABLE $OWNER_ENTRY $OWNER_USER $OWNER_POOL $FRAME_SEALED);

our ($PRESENT, $WRITE, $USER, $LARGE, $NX) = (1, 2, 4, 0x80, 1 << 63);
our $ADDRESS = 0x000ffffffffff000;
our ($LAYOUT, $LAYOUT_IMAGE_BASE) = (0x100000, 48); # linker.ld: where the image is linked for, and where it runs
# struct frame opens with its owner; its flags are the next byte
our ($FRAME_ENTRY_SIZE, $OWNER_PTABLE, $OWNER_ENTRY, $OWNER_USER, $OWNER_POOL, $FRAME_SEALED) = (8, 3, 4, 5, 6, 8);

our ($memory, $nr_frames, $registers); # what the files hold
our ($cr3, $loaded);                   # of the first processor, and the kernel root that it belongs to
my %symbols;

# The files: memory; what `info registers` says; what nm says of the kernel.
sub dump_read {
	my ($memory_file, $registers_file, $symbols_file) = @_;
	$memory = slurp($memory_file);
	$nr_frames = length($memory) >> 12;
	$registers = slurp($registers_file);
	$registers =~ /CR3=([0-9a-f]+)/ or die "dump: no CR3 in $registers_file\n";
	$cr3 = hex $1;
	$loaded = $cr3 & $ADDRESS & ~0x1000;
	%symbols = map { /^([0-9a-f]+) \w (\w+)$/ ? ($2 => $1) : () } split /\n/, slurp($symbols_file);
}

sub slurp {
	my ($name) = @_;
	open my $file, '<:raw', $name or die "dump: $name: $!\n";
	local $/;
	return scalar <$file>;
}

sub table {
	my ($address) = @_;
	return () if $address + 4096 > length $memory;
	return unpack 'Q512', substr($memory, $address, 4096);
}

# length bytes at a kernel address, through the loaded root
sub read_virtual {
	my ($address, $length) = @_;
	my $at = $loaded;
	for my $shift (39, 30, 21, 12) {
		my $entry = (table($at))[($address >> $shift) & 511] // 0;
		die sprintf("dump: %#x is not mapped\n", $address) unless $entry & $PRESENT;
		my $page = 1 << $shift;
		$at = $entry & $ADDRESS;
		next unless $shift == 12 || ($entry & $LARGE);
		return substr($memory, ($at & ~($page - 1)) + ($address & ($page - 1)), $length);
	}
}

sub read_physical { return unpack 'Q', substr($memory, $_[0], 8) }

sub address_of {
	my $slide = read_physical($LAYOUT + $LAYOUT_IMAGE_BASE) - read_physical($LAYOUT);
	return hex($symbols{$_[0]}) + $slide;
}

sub read_variable { return unpack 'Q', read_virtual(address_of($_[0]), 8) }

1;
