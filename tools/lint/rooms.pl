#!/usr/bin/perl
# What a room of the kernel may include of the rooms beside it, and that its README tells of it: shortly, and of every file.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin;
use Lint;

my @houses = map { $_->[0] } rules('house');
my @rooms = rules('room');
my ($files_max) = map { $_->[1] } grep { $_->[0] eq 'room-files' } rules('limit');
my ($lines_max) = map { $_->[1] } grep { $_->[0] eq 'readme-lines' } rules('limit');
my (%is_used, %files);

# "mm/frame" of a path below a house; undef elsewhere.
sub room_of {
	my ($path) = @_;
	for my $house (@houses) {
		return ($house, $1) if $path =~ m{^$house([^/]+)/};
	}
	return;
}

sub check_includes {
	my ($path, @lines) = @_;
	my ($house, $mine) = room_of($path) or return;
	my %may = map { $_ => 1 } map { split ' ', $_->[1] } grep { index($path, $_->[0]) == 0 } @rooms;
	for my $i (0 .. $#lines) {
		next unless $lines[$i] =~ /^\s*[#%]\s*include\s+"([^"]+)"/;
		my ($other_house, $theirs) = room_of("kernel/$1") or next;
		next if $other_house ne $house || $theirs eq $mine;
		$is_used{ $_->[0] }{$theirs} = 1 for grep { index($path, $_->[0]) == 0 } @rooms;
		violation($path, $i + 1, "the room $mine may not include of the room $theirs: see the rules") unless $may{$theirs};
	}
}

sub check_readme {
	my ($folder, @files) = @_;
	my $path = "$folder/README.md";
	return violation($path, 1, 'a room without a README') unless -f $path;
	my @lines = split /\n/, read_source($path);
	violation($path, scalar @lines, @lines . " lines, of at most $lines_max") if @lines > $lines_max;
	my @patterns = map { quotemeta =~ s/\\\*/\\w*/gr } "@lines" =~ /([\w*]+)/g;
	my $named = join '|', @patterns;
	violation($path, 1, "says nothing of $_") for grep { my $stem = s/\..*//r; $stem !~ /^(?:$named)$/ } @files;
}

for my $path (sources(qr/\.(c|h|asm|inc|def)$/, map { s{/$}{}r } @houses)) {
	check_includes($path, split /\n/, read_source($path));
	my ($folder, $file) = $path =~ m{(.*)/(.*)};
	push @{ $files{$folder} }, $file if $file !~ /\.h$/ || !-e $path =~ s/\.h$/.c/r;
}
for my $row (@rooms) {
	for my $other (split ' ', $row->[1]) {
		violation('tools/lint/rules', 1, "room $row->[0]: nothing there includes of $other") if -e $row->[0] && !$is_used{ $row->[0] }{$other};
	}
}
for my $folder (sort keys %files) {
	my @sources = grep { /\.c$/ } @{ $files{$folder} };
	violation("$folder/README.md", 1, @sources . " .c files in one room, of at most $files_max") if @sources > $files_max;
	check_readme($folder, @{ $files{$folder} });
}
finish();
