#!/usr/bin/perl
# Holds the explanations of faults against each other: text, JSON, and what the attack's row says.
#
# usage: faults.pl attacks JSON LOG   what `attack -j all` printed, and the kernel's log: one TAP point per property
#        faults.pl why TEXT JSON      what `why` and `why -j` printed of the same addresses, in the same order
use strict;
use warnings;
use JSON::PP 'decode_json';

my $nr = 0;

sub ok {
	my ($holds, $name, @why) = @_;
	printf "%s %d - %s\n", $holds ? 'ok' : 'not ok', ++$nr, $name;
	print map { "#   $_\n" } map { split /\n/ } @why unless $holds;
	return $holds;
}

sub read_file {
	open my $file, '<', $_[0] or die "faults.pl: $_[0]: $!\n";
	local $/;
	return <$file> =~ tr/\r//dr;
}

# The line behind a label.
sub line { my ($text, $label) = @_; return $text =~ /^  \Q$label\E +(.*)$/m ? $1 : undef }

# An entry but for the bits that the processor sets when it likes: accessed, dirty.
sub entry { my ($hex) = @_; no warnings 'portable'; return sprintf '0x%x', hex($hex) & ~0x60 }

# What the text says of a walk, made of the JSON.
sub walk_text {
	return join ' > ', map {
		my $rights = $_->{rights};
		$rights eq 'absent' ? "L$_->{level} absent"
			: sprintf 'L%d %s r%s%s%s', $_->{level}, entry($_->{entry}), $rights =~ /W/ ? 'w' : '-',
			$rights =~ /\bX/ ? 'x' : '-', $rights =~ /U/ ? 'u' : '-';
	} @{ $_[0] };
}

# The changes of the history as the text writes them. What was hidden before the first of them is not told; a frame is hidden
# before it is sealed.
sub history_text {
	my ($before, @words) = (undef);
	for my $step (@{ $_[0] }) {
		my $word = $step->{from} ne $step->{to} ? $step->{to}
			: ($before ? $before->{hidden} eq $step->{hidden} : $step->{sealed}) ? 'sealed' : $step->{hidden} ? 'hidden' : 'revealed';
		push @words, " > $word";
		$before = $step;
	}
	my ($pid, $modulo) = $before ? @$before{qw(pid pid_modulo)} : ();
	push @words, $modulo ? " (pid $pid modulo $modulo)" : $pid ? " (pid $pid)" : '';
	return join '', @words;
}

# What text and JSON must agree in, whoever asked: a list of complaints.
sub disagreements {
	my ($text, $json) = @_;
	my @wrong;
	$text =~ s/\b(L\d) (0x[0-9a-f]+)/"$1 " . entry($2)/ge;
	my $begins = sub {
		my ($label, $wanted) = @_;
		my $got = line($text, $label) // 'nothing';
		push @wrong, "$label: $got, not $wanted..." unless index($got, $wanted) == 0;
	};

	$begins->('address', "$json->{address}: $json->{region}");
	$begins->('kernel root', walk_text($json->{kernel_walk})) if @{ $json->{kernel_walk} };
	$begins->('shadow root', walk_text($json->{shadow_walk})) if @{ $json->{shadow_walk} };
	if (my $frame = $json->{frame}) {
		my $changes = history_text($frame->{history});

		$begins->('frame', "$frame->{pfn}, owner $frame->{owner}" . ($frame->{hidden} ? ', hidden' : ''));
		push @wrong, 'history: ' . (line($text, 'history') // 'nothing') . ", not ...$changes"
			unless (line($text, 'history') // '') =~ /\Q$changes\E$/;
	} elsif ($text =~ /^  (frame|history)/m) {
		push @wrong, 'the text has a frame';
	}
	return @wrong;
}

sub check_attack {
	my ($row) = @_;
	my ($name, $text, $fault) = @$row{qw(attack report fault)};
	my $nr_lines = () = $text =~ /\n/g;

	return unless ok(ref $fault eq 'HASH', "$name: its fault is explained to programs");
	ok($nr_lines <= 27, "$name: the report has $nr_lines lines, 27 at most", $text);
	my @missing = grep { !defined line($text, $_) } 'access', 'address', 'kernel root', 'shadow root', 'defence', 'at', 'rax', 'r12';
	push @missing, grep { $fault->{frame} && !defined line($text, $_) } 'frame', 'history';
	ok(!@missing, "$name: it tells access, region, both roots, frame, history, defence, registers, backtrace",
		"without @missing:", $text);
	my @lacks = grep { !defined $fault->{$_} } qw(process pid uid cpu access exception address region rip symbol kernel_walk shadow_walk
		defence reason backtrace);
	ok(!@lacks, "$name: programs are told all of it", "without @lacks");
	my @wrong = disagreements($text, $fault);
	push @wrong, 'access' unless (line($text, 'access') // '') =~ /^\Q$fault->{access}\E\b/;
	push @wrong, 'defence' unless (line($text, 'defence') // '') eq "$fault->{defence}: $fault->{reason}";
	push @wrong, 'backtrace' unless join("\n", $text =~ /^  (?:at|from) +(.*)$/mg) eq join "\n", @{ $fault->{backtrace} };
	push @wrong, 'process' unless $text =~ /^bulwark: \Q$fault->{process}\E \(pid $fault->{pid}, uid $fault->{uid}\) made the kernel fault on CPU $fault->{cpu};/;
	ok(!@wrong, "$name: text and JSON agree", @wrong, $text);
	ok($fault->{defence} eq $row->{defence} && $fault->{address} eq $row->{fault_address} && $fault->{reason} ne '',
		"$name: the attack's row says the same", "$row->{defence} $row->{fault_address}");
	# whose stack is what the attacker made of it
	return if $name eq 'regs_rop';
	ok(scalar($fault->{backtrace}[-1] =~ /^syscall_main\+/), "$name: the backtrace goes down to the system call",
		@{ $fault->{backtrace} });
}

sub attacks {
	my ($rows, $log) = @_;
	my @faults = grep { $_->{outcome} eq 'FAULT' } @$rows;
	my @logged = map { decode_json($_) } $log =~ /^bulwark: fault: (.*)$/mg;

	check_attack($_) for @faults;
	ok(scalar(@faults) > 10, 'more than ten attacks ended in a fault: ' . @faults);
	# an attack may have died in a child of its own first
	for my $row (@faults) {
		my $wanted = JSON::PP->new->canonical->encode($row->{fault});
		ok(scalar(grep { JSON::PP->new->canonical->encode($_) eq $wanted } @logged), "$row->{attack}: the kernel's log has the same line");
	}
	for my $row (grep { $_->{outcome} ne 'FAULT' && $_->{observed} !~ /kernel fault/ } @$rows) {
		ok(exists $row->{fault} && !$row->{fault}, "$row->{attack}: no fault, and none is told of ($row->{outcome})");
	}
}

sub why {
	my ($text, $json) = @_;
	my @texts = map { "  address$_" } grep { length } split /^  address/m, $text;
	my @objects = map { decode_json($_) } grep { /^\{/ } split /\n/, $json;

	ok(@texts == @objects && @texts, 'as many addresses are explained in either form: ' . @texts);
	for my $i (0 .. $#objects) {
		my ($said, $object) = ($texts[$i] // '', $objects[$i]);
		my @wrong = disagreements($said, $object);

		for my $who (qw(kernel user)) {
			for my $access (qw(read write execute)) {
				my $verdict = $object->{$who}{$access};
				my $words = $said =~ /^  $who +$access +(.*)$/m ? $1 : '';
				my $wanted = $verdict->{allowed} ? 'yes' : $verdict->{defence} eq 'none' ? 'no:' : "no, $verdict->{defence}:";
				push @wrong, "$who $access: $words, not $wanted" unless index($words, $wanted) == 0;
			}
		}
		push @wrong, 'policy' unless !$object->{policy} || (line($said, 'policy') // '') =~ /^\Q$object->{policy}{state}\E /;
		push @wrong, 'object' unless $object->{object} eq (line($said, 'object') // '');
		ok(!@wrong, "text and JSON agree on $object->{address}, $object->{region}", @wrong, $said);
	}
}

my ($what, @paths) = @ARGV;
if (($what // '') eq 'attacks' && @paths == 2) {
	attacks(decode_json(read_file($paths[0])), read_file($paths[1]));
} elsif (($what // '') eq 'why' && @paths == 2) {
	why(map { read_file($_) } @paths);
} else {
	die "usage: faults.pl attacks JSON LOG | why TEXT JSON\n";
}
