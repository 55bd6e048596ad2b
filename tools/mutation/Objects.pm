# Compiles one changed file of the kernel and links it with the objects that `make` left, for a kernel and for host tests.
package Objects;
use strict;
use warnings;
use Exporter 'import';
use File::Basename qw(dirname basename);
use Output 'write_file';
our @EXPORT_OK = qw(flags_read linked_as object_make is_same_code kernel_link host_link host_tests_of);

# What make compiles and links with (print-kernel, print-host of tools/make/mutate.mk).
my (%flags, %host);

sub run_quiet {
	my ($log, @command) = @_;
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		open STDOUT, '>>', $log or die "$log: $!\n";
		open STDERR, '>&', \*STDOUT or die "$log: $!\n";
		exec @command or die "$command[0]: $!\n";
	}
	waitpid $pid, 0;
	return $? == 0;
}

sub asked_of_make {
	my ($goal, $build) = @_;
	# it is no part of the make that runs this
	local @ENV{qw(MAKEFLAGS MFLAGS)};
	delete @ENV{qw(MAKEFLAGS MFLAGS)};
	return map { /^(\w+)=(.*)/ ? ($1 => [split ' ', $2]) : () } qx(make -s DEPS=0 BUILD=$build $goal);
}

# Words of tools/gen-host-words.pl: what each host test is made of.
sub host_words_read {
	for my $word (split ' ', qx(perl tools/gen-host-words.pl)) {
		my ($name, $kind, $rest) = $word =~ /^(\w+)([:!+])(.*)/ or die "gen-host-words: $word\n";
		push @{ $host{$name}{$kind} }, $rest;
	}
}

sub flags_read {
	%flags = map { ($_ => { asked_of_make('print-kernel', $_) }) } qw(release debug);
	$flags{$_}{KERNEL_CFLAGS} && $flags{$_}{OBJECTS} or die "make print-kernel says nothing of the $_ build\n" for keys %flags;
	host_words_read();
}

# What a file is compiled as: itself, or what includes it.
sub linked_as {
	my ($file) = @_;
	return $file unless $file =~ m{([^/]+/[^/]+/[^/]+\.inc)$};
	my $name = $1;
	my ($includer) = map { chomp; $_ } qx(grep -lrF '"$name"' kernel boot --include=*.asm);
	return $includer // die "$file: nothing includes it\n";
}

sub assemble {
	my ($what, $mutant, $object, $log) = @_;
	my ($file, $source, @first) = ($mutant->{file}, "$object.asm");
	if ($mutant->{linked} eq $file) {
		write_file($source, $mutant->{text});
	} else {
		write_file("$object.inc/" . $file =~ s{^kernel/}{}r, $mutant->{text});
		($source, @first) = ($mutant->{linked}, "-I$object.inc/");
	}
	my @nasm = (@{ $flags{ $what eq 'debug' ? 'debug' : 'release' }{NASM_FLAGS} }, '-I' . dirname($file) . '/');
	@nasm = grep { !/^(?:-g|-F|dwarf)$/ } @nasm if $what eq 'code';
	return run_quiet($log, $flags{release}{NASM}[0], @first, @nasm, '-o', $object, $source);
}

# Compiles a mutant { file, linked, text } as if its text were FILE's. WHAT: "code" for comparing, "debug" and "release" for kernels,
# "host NAME" for a host test. False: it does not compile; the log says why.
sub object_make {
	my ($what, $mutant, $object, $log) = @_;
	my $file = $mutant->{file};
	return assemble($what, $mutant, $object, $log) if $file !~ /\.c$/;
	my ($source, $name) = ("$object.c", $what =~ /^host (.*)/);
	write_file($source, "#line 1 \"$file\"\n$mutant->{text}");
	my @cflags = defined $name ? (@{ $flags{release}{HOST_CFLAGS} }, @{ $host{$name}{'!'} // [] })
		: $what eq 'code' ? (@{ $flags{release}{KERNEL_CFLAGS} }, '-g0') : @{ $flags{$what}{KERNEL_CFLAGS} };
	return run_quiet($log, $flags{release}{CC}[0], @cflags, '-w', '-iquote' . dirname($file), '-c', '-o', $object, $source);
}

sub bytes_of {
	local (@ARGV, $/) = @_;
	return scalar <>;
}

# Is what the processor gets of both objects the same? Names of temporary files are not compared.
sub is_same_code {
	my ($first, $second) = @_;
	for my $object ($first, $second) {
		system('objcopy', '--strip-debug', '--strip-unneeded', '--remove-section=.comment', $object, "$object.bare") == 0 or return 0;
	}
	# nasm keeps the name of its source as a symbol
	my @bytes = map { bytes_of("$_.bare") =~ s/\Q@{[basename($_)]}\E\.(?:c|asm)//gr } $first, $second;
	return $bytes[0] eq $bytes[1];
}

sub symbols_make {
	my ($kernel, $name, $log) = @_;
	my $text = qx(nm -n $kernel | perl tools/gen-symbols.pl);
	write_file("$name.S", $text);
	return run_quiet($log, 'gcc', '-c', '-o', "$name.o", "$name.S");
}

# Links the kernel of a build with this object in the place of FILE's, and its own symbol table.
sub kernel_link {
	my ($build, $file, $object, $kernel, $log) = @_;
	my $own = $flags{$build};
	my @objects = map { $_ eq "build/$build/obj/$file.o" ? $object : $_ } @{ $own->{OBJECTS} };
	my @ld = ($own->{LD}[0], @{ $own->{KERNEL_LDFLAGS} }, '-o', $kernel, @objects);
	return run_quiet($log, @ld, "build/$build/obj/symbols.pass1.o") && symbols_make($kernel, "$kernel.symbols", $log)
		&& run_quiet($log, @ld, "$kernel.symbols.o");
}

sub host_tests_of {
	my ($file) = @_;
	return grep { my $name = $_; grep { $_ eq $file } @{ $host{$name}{':'} // [] } } sort keys %host;
}

sub host_link {
	my ($name, $file, $object, $program, $log) = @_;
	my $folder = 'build/host/obj/' . ($host{$name}{'!'} ? $name : 'all');
	my @objects = map { $_ eq $file ? $object : "$folder/$_.o" } "tests/host/$name.c", @{ $host{$name}{':'} };
	return run_quiet($log, $flags{release}{CC}[0], @{ $flags{release}{HOST_CFLAGS} }, @{ $host{$name}{'!'} // [] }, '-o', $program,
		@objects, @{ $host{$name}{'+'} // [] });
}

1;
