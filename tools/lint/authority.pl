#!/usr/bin/perl
# authority.pl [KERNEL...]: the tables of decisive words (kernel/*/decisive.def) against the source: each member of their structures
# has a row, and each row a member; who writes it, where it lies and what shows it exist. With linked kernels: the same of
# their variables, and those that are PROTECTED lie where nothing is writable after boot. And what docs/threats.def names exists.
use strict;
use warnings;
use FindBin qw($Bin);
use lib $Bin, "$Bin/../lib";
use Def qw(rows all_rows);
use Lint;
use Structs qw(structs_of);

my %is_kind = map { $_ => 1 } qw(PROTECTED REDERIVED HINT OPEN NONE);
my @sources = sources(qr/\.(c|h|asm)$/, 'kernel');
my %text_of = map { $_ => read_source($_) } @sources;
my $code = join "\n", values %text_of;
my @rows = all_rows('decisive', sources(qr/decisive\.def$/, 'kernel'));
my %homes = map { $_->{name} => $_ } rows('protected');
my %is_attack = map { $_->{name} => 1 } rows('attacks');
my %is_safe = map { $_ => 1 } keys %homes, qw(PROCESSOR WINDOW UNMAPPED);
my %structures = map { $_->{name} => $_ } grep { $_->{macro} eq 'STRUCTURE' } @rows;

sub bad { my ($row, $message) = @_; violation($row->{path}, $row->{line}, $message) }

# Who writes: functions, files of kernel/, or the processor.
sub check_writers {
	my ($row) = @_;
	for my $writer (split ' ', $row->{writers}) {
		next if $writer eq 'processor';
		my $is_there = $writer =~ m{/|\.c$} ? -e "kernel/$writer" : $code =~ /\b\Q$writer\E\(/;
		bad($row, "$writer is neither a function nor a file of kernel/") unless $is_there;
	}
}

# What shows it: attacks, or "-" and a reason; files in a reason exist. Of what is not decisive "-" will do.
sub check_shown {
	my ($row) = @_;
	my ($dash, @words) = split ' ', $row->{shown};
	if (($dash // '') ne '-') {
		bad($row, "$_ is no attack of user/attacks/attacks.def") for grep { !$is_attack{$_} } split ' ', $row->{shown};
		bad($row, 'neither an attack nor a reason') unless defined $dash;
	} elsif (!@words && $row->{kind} ne 'NONE') {
		bad($row, 'no attack shows it, and no reason is given');
	}
	bad($row, "there is no $_") for grep { m{/} && !-e } @words;
}

sub check_home {
	my ($row, $home) = @_;
	bad($row, "$home is none of mm/table/protected.def, and no other home") unless $is_safe{$home} || $home =~ /^(?:ORDINARY|STACK)$/;
	bad($row, "PROTECTED, and its home is $home") if $row->{kind} eq 'PROTECTED' && !$is_safe{$home};
	bad($row, "OPEN, and its home is $home, which is protected") if $row->{kind} eq 'OPEN' && $is_safe{$home};
}

sub check_row {
	my ($row) = @_;
	bad($row, "what is $row->{kind}?") unless $is_kind{ $row->{kind} };
	check_writers($row);
	check_shown($row);
	bad($row, "there is no STRUCTURE($1") if $row->{text} =~ /^see struct (\w+)$/ && !$structures{$1};
}

sub check_structure {
	my ($row) = @_;
	my $path = "kernel/$row->{file}";
	my %found = -e $path ? structs_of($text_of{$path} // '', $path) : ();
	my $found = $found{ $row->{name} } // return bad($row, "$path defines no struct $row->{name}");
	my @words = grep { $_->{macro} eq 'WORDS' && $_->{name} eq $row->{name} } @rows;
	my %is_listed = map { $_ => 1 } map { split ' ', $_->{members} } @words;
	my %is_member = map { $_ => 1 } @{ $found->{members} };
	for my $member (grep { !$is_listed{$_} } @{ $found->{members} }) {
		violation($path, $found->{line}, "$member of struct $row->{name} has no row in $row->{path}: is it decisive?");
	}
	for my $words (@words) {
		bad($words, "struct $row->{name} has no $_") for grep { !$is_member{$_} } split ' ', $words->{members};
	}
}

# Pools are made under that name; parts of the entry area are writable nowhere.
sub check_homes {
	my %part = map { $_->{name} => $_ } rows('entry_area');
	for my $home (values %homes) {
		my $row = { %$home, path => 'kernel/mm/table/protected.def' };
		if ($home->{macro} eq 'PROTECTED_POOL') {
			bad($row, "nobody makes a pool called $home->{pool}") unless $code =~ /pmalloc_create_pool\("\Q$home->{pool}\E"/;
		} elsif ($home->{macro} eq 'PROTECTED_HIGHER') {
			bad($row, 'nobody says where it is') unless $code =~ /audit_protected_range\(\w+, "$home->{name}"/;
		} elsif ($home->{macro} eq 'PROTECTED_PART') {
			my $part = $part{ $home->{name} };
			bad($row, "$home->{name} is no part of the entry area, or is writable there")
				if !$part || grep { /W/ } @$part{qw(kernel_roots shadow_roots)};
		}
	}
}

# The variables of a linked kernel: { name, file, is_writable }. Of what has no line, such as the linker's symbols, none; nor of
# what boot does not leave behind, and of tests.
sub variables_of {
	my ($kernel) = @_;
	my (%address, @variables);
	open my $nm, '-|', 'nm', '-l', '--defined-only', $kernel or die "lint: nm: $!\n";
	while (<$nm>) {
		my ($address, $type, $name, $file) = /^([0-9a-f]{16}) (\w) (\S+)(?:\t(.*):\d+)?$/ or next;
		$address{$name} = $address;
		push @variables, { name => $name =~ s/\.\d+$//r, address => $address, file => $file } if $file && $type =~ /[bd]/i;
	}
	close $nm or die "lint: nm $kernel failed\n";
	my ($root) = map { $_->{file} =~ m{^(.*/)kernel/core/cpu\.c$} ? $1 : () } @variables;
	die "lint: $kernel has no lines\n" unless defined $root;
	for my $variable (@variables) {
		$variable->{file} =~ s/^\Q$root\E//;
		$variable->{is_writable} = $variable->{address} ge $address{ro_after_init_end};
	}
	return grep { $_->{file} =~ m{^kernel/} && $_->{address} ge $address{ro_after_init_start} } @variables;
}

# Of all these kernels together: some have variables that others have not.
sub check_variables {
	my %variables = map { ("$_->{file} $_->{name}" => $_) } map { variables_of($_) } @_;
	my %is_listed;
	for my $row (grep { $_->{macro} eq 'DATA' } @rows) {
		for my $file (map { "kernel/$_" } split ' ', $row->{file}) {
			my @names = $row->{members} eq '*' ? map { $_->{name} } grep { $_->{file} eq $file } values %variables : split ' ', $row->{members};
			bad($row, "$file has no variables") unless @names;
			for my $name (@names) {
				my $variable = $variables{"$file $name"};
				$is_listed{"$file $name"} = 1;
				bad($row, "$file has no variable $name") unless $variable;
				bad($row, "$name is PROTECTED, and is written to after boot: RO_AFTER_INIT")
					if $row->{kind} eq 'PROTECTED' && $variable && $variable->{is_writable};
			}
		}
	}
	for my $key (grep { !$is_listed{$_} } sort keys %variables) {
		violation($variables{$key}{file}, 1, "$variables{$key}{name} has no row in a decisive.def: is it decisive?");
	}
}

sub check_threats {
	for my $row (rows('threats')) {
		$row->{path} = 'docs/threats.def';
		for my $evidence (split ' ', $row->{evidence}) {
			bad($row, "$evidence is neither an attack nor a file") unless $is_attack{$evidence} || ($evidence =~ m{/} && -e $evidence);
		}
		bad($row, 'something is claimed, and nothing shows it') if $row->{options} && !$row->{evidence};
	}
}

for my $row (grep { $_->{macro} ne 'STRUCTURE' } @rows) {
	check_row($row);
	if ($row->{macro} eq 'WORDS') {
		my $structure = $structures{ $row->{name} };
		$structure ? check_home($row, $structure->{home}) : bad($row, "there is no STRUCTURE($row->{name}");
	} elsif ($row->{macro} eq 'PLACE') {
		check_home($row, $row->{home});
	}
}
check_structure($_) for values %structures;
check_homes();
check_threats();
check_variables(@ARGV) if @ARGV;
finish();
