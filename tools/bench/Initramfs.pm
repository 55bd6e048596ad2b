# An initramfs for Linux: a cpio archive in the format "newc" (Documentation/driver-api/early-userspace/buffer-format.rst), made
# without root and without cpio.
package Initramfs;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(initramfs);

use constant { FOLDER => 0040755, PROGRAM => 0100755, TEXT => 0100644, CHARACTER_DEVICE => 0020600 };

my $nr_entries = 0;

sub padded { my ($bytes) = @_; return $bytes . "\0" x (-length($bytes) % 4) }

sub entry {
	my ($name, $mode, $content, @device) = @_;
	my $header = sprintf '070701' . '%08X' x 13, ++$nr_entries, $mode, 0, 0, 1, 0, length $content, 0, 0, $device[0] // 0, $device[1] // 0,
		1 + length $name, 0;
	return padded("$header$name\0") . padded($content);
}

sub content_of {
	my ($path) = @_;
	open my $file, '<:raw', $path or die "$path: $!\n";
	local $/;
	return scalar <$file>;
}

# The archive's bytes. programs: NAME in the archive => path here; texts: NAME => content.
sub initramfs {
	my ($programs, $texts) = @_;
	return join '', map({ entry($_, FOLDER, '') } qw(bin dev proc sys)), entry('dev/console', CHARACTER_DEVICE, '', 5, 1),
		map({ entry($_, PROGRAM, content_of($programs->{$_})) } sort keys %$programs),
		map({ entry($_, TEXT, $texts->{$_}) } sort keys %$texts), entry('TRAILER!!!', 0, '');
}

1;
