#!/usr/bin/perl
# Makes ELF images for the tests of execve: good ones to show that the builder is right; bad ones, which must be
# refused and each differ from a good one in one respect; odd ones, which may be refused or may die when they run.
# user/selftest/t_elf.c runs them all.
#?usage: tools/gen-bad-elfs.pl              lists the names
#?       tools/gen-bad-elfs.pl NAME > FILE  writes one image
use strict;
use warnings;
no warnings 'portable';   # 64-bit constants
use FindBin '$Bin';
use lib "$Bin/lib";
use Usage qw(help refuse_usage);

my ($PAGE, $LOAD_ADDRESS) = (0x1000, 0x400000);
my ($PT_LOAD, $EXECUTE, $WRITE, $READ) = (1, 1, 2, 4);
my ($EHDR_SIZE, $PHDR_SIZE) = (64, 56);
my $ALL_ONES = 0xffffffffffffffff;

# mov edi, 42; mov eax, 231 (exit_group); syscall
my $EXIT_42 = pack('C*', 0xbf, 42, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05);

my %images = (
	'good-minimal' => sub { elf() },
	'good-registers' => sub { elf(code => registers_code()) },
	'good-bss' => sub { elf(code => bss_code(), memsz => 3 * $PAGE) },
	'bad-writable-executable' => sub { elf(flags => $READ | $WRITE | $EXECUTE) },
	'bad-empty' => sub { '' },
	'bad-text' => sub { "#!/bin/sh\necho this is no ELF image\n" },
	'bad-magic-only' => sub { "\x7fELF" },
	'bad-short-header' => sub { substr(elf(), 0, $EHDR_SIZE - 1) },
	'bad-class-32' => sub { elf(class => 1) },
	'bad-big-endian' => sub { elf(data => 2) },
	'bad-machine' => sub { elf(machine => 40) },
	'bad-type-relocatable' => sub { elf(type => 1) },
	'bad-phnum-zero' => sub { elf(phnum => 0) },
	'bad-phnum-past-end' => sub { elf(phnum => 100) },
	'bad-phnum-max' => sub { elf(phnum => 0xffff) },
	'bad-phoff-past-end' => sub { elf(phoff => 0x100000) },
	'bad-phoff-wraps' => sub { elf(phoff => $ALL_ONES - 15) },
	'bad-phentsize' => sub { elf(phentsize => $PHDR_SIZE - 8) },
	'bad-vaddr-memsz-wraps' => sub { elf(memsz => $ALL_ONES - $LOAD_ADDRESS - 0xfff) },
	'bad-vaddr-kernel' => sub { elf(vaddr => 0xffffffff80000000, entry => 0xffffffff80000000) },
	'bad-vaddr-direct-map' => sub { elf(vaddr => 0xffff888000000000) },
	'bad-vaddr-noncanonical' => sub { elf(vaddr => 0x0000800000000000) },
	'bad-vaddr-user-top' => sub { elf(vaddr => 0x00007ffffffff000, memsz => 0x2000) },
	'bad-vaddr-misaligned' => sub { elf(vaddr => $LOAD_ADDRESS + 1) },
	'bad-filesz-over-memsz' => sub { elf(memsz => 1) },
	'bad-filesz-past-end' => sub { elf(filesz => 0x100000, memsz => 0x100000) },
	'bad-offset-past-end' => sub { elf(offset => 0x100000) },
	'bad-offset-wraps' => sub { elf(offset => $ALL_ONES - 0xfff) },
	'odd-entry-unmapped' => sub { elf(entry => 0x10000000) },
	'odd-entry-kernel' => sub { elf(entry => 0xffffffff80000000) },
	'odd-segments-overlap' => sub { elf(copies => 2) },
	'bad-version' => sub { elf(version => 2) },
	'bad-abi' => sub { elf(abi => 9) },
	'bad-ehsize' => sub { elf(ehsize => $EHDR_SIZE + 8) },
	'bad-interpreter' => sub { elf(ptype => 3) },
	'bad-nothing-to-load' => sub { elf(ptype => 4) },
	'bad-segments-too-many' => sub { elf(copies => 20, step => 16 * $PAGE) },
	'bad-not-readable' => sub { elf(flags => $EXECUTE) },
	'bad-alignment' => sub { elf(align => 3 * $PAGE) },
	'bad-entry-not-executable' => sub { elf(flags => $READ) },
	'bad-memsz-huge-by-a-page' => sub { elf(memsz => 0x4000_1000) },
	'bad-memsz-huge' => sub { elf(memsz => 0x7000_0000_0000) },
);

# One PT_LOAD segment that maps the whole file, with the code right behind the headers.
sub elf {
	my %set = @_;
	my $code = $set{code} // $EXIT_42;
	my $copies = $set{copies} // 1;
	my $code_offset = $EHDR_SIZE + $copies * $PHDR_SIZE;
	my $size = $code_offset + length $code;
	my $vaddr = $set{vaddr} // $LOAD_ADDRESS;

	my $header = "\x7fELF" . pack('C5 x7', $set{class} // 2, $set{data} // 1, 1, $set{abi} // 0, 0)
		. pack('S< S< L< Q< Q< Q< L< S< S< S< S< S< S<',
			$set{type} // 2, $set{machine} // 62, $set{version} // 1, $set{entry} // $vaddr + $code_offset,
			$set{phoff} // $EHDR_SIZE, 0, 0, $set{ehsize} // $EHDR_SIZE, $set{phentsize} // $PHDR_SIZE,
			$set{phnum} // $copies, 0, 0, 0);
	$header = substr($header, 0, $EHDR_SIZE);
	my @segments = map { pack('L< L< Q< Q< Q< Q< Q< Q<',
		$set{ptype} // $PT_LOAD, $set{flags} // $READ | $EXECUTE, $set{offset} // 0, $_, $_,
		$set{filesz} // $size, $set{memsz} // $size, $set{align} // $PAGE) }
		map { $vaddr + $_ * ($set{step} // 0) } 0 .. $copies - 1;
	return join '', $header, @segments, $code;
}

# Exits 0 where every register but RSP, RIP and the flags is zero, else 1.
sub registers_code {
	my $code = '';
	# or rax, REGISTER: rbx rcx rdx rsi rdi rbp, then r8 to r15
	$code .= pack('C3', 0x48, 0x09, 0xc0 | $_ << 3) for (3, 1, 2, 6, 7, 5);
	$code .= pack('C3', 0x4c, 0x09, 0xc0 | $_ << 3) for (0 .. 7);
	# por xmm0, xmmN: 1 to 7, then 8 to 15
	$code .= pack('C4', 0x66, 0x0f, 0xeb, 0xc0 | $_) for (1 .. 7);
	$code .= pack('C5', 0x66, 0x41, 0x0f, 0xeb, 0xc0 | $_) for (0 .. 7);
	# movq rcx, xmm0; or rax, rcx; psrldq xmm0, 8; movq rcx, xmm0; or rax, rcx
	my $fold = pack('C*', 0x66, 0x48, 0x0f, 0x7e, 0xc1, 0x48, 0x09, 0xc8);
	$code .= $fold . pack('C*', 0x66, 0x0f, 0x73, 0xd8, 8) . $fold;
	# xor edi, edi; test rax, rax; setnz dil; mov eax, 231; syscall
	return $code . pack('C*', 0x31, 0xff, 0x48, 0x85, 0xc0, 0x40, 0x0f, 0x95, 0xc7, 0xb8, 231, 0, 0, 0, 0x0f, 0x05);
}

# Exits 0 where the bytes behind the file's contents are zero, up to three pages, and can be written; else 1.
sub bss_code {
	my $last = $LOAD_ADDRESS + 3 * $PAGE - 8;
	my $behind = $LOAD_ADDRESS + $PAGE - 8;
	# mov rdi, [behind]; or rdi, [last]; test rdi, rdi; setnz dil; movzx edi, dil
	return pack('C4 L<', 0x48, 0x8b, 0x3c, 0x25, $behind) . pack('C4 L<', 0x48, 0x0b, 0x3c, 0x25, $last)
		. pack('C*', 0x48, 0x85, 0xff, 0x40, 0x0f, 0x95, 0xc7, 0x40, 0x0f, 0xb6, 0xff)
		. pack('C*', 0xb8, 231, 0, 0, 0, 0x0f, 0x05);
}

help();
if (@ARGV == 0) {
	print map { "$_\n" } sort keys %images;
} elsif (@ARGV == 1 && $images{$ARGV[0]}) {
	binmode STDOUT;
	print $images{$ARGV[0]}->();
} else {
	refuse_usage("what is @ARGV?");
}
