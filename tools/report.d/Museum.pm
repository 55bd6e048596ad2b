# Questions about the matrix that several parts of the report ask.
package Museum;
use strict;
use warnings;
use Exporter 'import';
use Input qw(is_true);
our @EXPORT_OK = qw(configurations cell defaults groups fault_facts explanation stopped_words
	cell_is_expected variant group_words booted_words repeat_words weak_options
	without_defence with_defence);

sub configurations { return @{ $_[0]{configurations} } }

# The values of the option that a group is of.
sub values_of {
	my ($matrix, $group) = @_;
	my ($option) = split /,/, $group;
	my ($defence) = grep { $_->{name} eq ($option // '') } @{ $matrix->{defences} // [] };
	return $defence ? @{ $defence->{values} } : ();
}

# Where a variant stands among those of its option: as options.def has them; what runs elsewhere comes behind.
sub rank {
	my ($matrix, $configuration) = @_;
	my @values = values_of($matrix, $configuration->{group} // '');
	my ($value) = split /,/, ($configuration->{title} // $configuration->{name}) =~ s/^\w+=//r;
	my ($at) = grep { $values[$_] eq $value } 0 .. $#values;
	return ($at // 0) + (($configuration->{emulator} // 'qemu') ne 'qemu' ? @values : 0);
}

# [group, configurations of it], in the order of the first of each. A configuration that is the same machine as another
# stands in a group of several variants, too, so that none of these is missing.
sub groups {
	my ($matrix) = @_;
	my (@groups, %group);
	my $add = sub {
		my ($name, $configuration) = @_;
		push @groups, $group{$name} = [$name, []] unless $group{$name};
		push @{ $group{$name}[1] }, $configuration;
	};
	$add->($_->{group} // '', $_) for configurations($matrix);
	for my $configuration (configurations($matrix)) {
		for my $also (@{ $configuration->{also} // [] }) {
			my $nr_variants = values_of($matrix, $also->{group}) || @{ ($group{ $also->{group} } // [0, []])->[1] } + 1;
			next unless $nr_variants >= 3 && $group{ $also->{group} } && $also->{name} =~ /=/;
			$add->($also->{group}, { %$configuration, title => $also->{name}, group => $also->{group} });
		}
	}
	for my $group (@groups) {
		my %rank = map { $_ => rank($matrix, $_) } @{ $group->[1] };
		$group->[1] = [sort { $rank{$a} <=> $rank{$b} } @{ $group->[1] }];
	}
	return @groups;
}

# The name of a group as a heading: "xpfo,kaiser=off" is xpfo where that other option is so.
sub group_words { return $_[0] =~ s/,/ with /r }

# What it was booted with, in a few words.
sub booted_words {
	my ($configuration) = @_;
	my $options = $configuration->{options} // '';
	my $words = $options eq '' || length $options > 40 ? $configuration->{name} : $options;
	return $words . (($configuration->{emulator} // 'qemu') eq 'bochs' ? ' in Bochs' : '');
}

# The command that repeats the cell of an attack.
sub repeat_words {
	my ($attack, $configuration, $cell) = @_;
	my $boot = $configuration->{by_hand} // sprintf "make run OPTS='%s'", join ' ', 'vuln=on', $configuration->{options} || ();
	$boot =~ s/'$/ $cell->{with}'/ if length($cell->{with} // '');
	return "$boot CMD='attack $attack->{name}'";
}

# What stands above its column: the value alone, where the group says of what.
sub variant {
	my ($configuration) = @_;
	my ($option, $rest) = split /,/, $configuration->{group} // '', 2;
	my $title = $configuration->{title} // $configuration->{name};
	$title =~ s/^\Q$option\E=// if defined $option;
	$title =~ s/,\Q$rest\E$// if defined $rest;
	return $title;
}

sub cell {
	my ($matrix, $attack, $configuration) = @_;
	return ($matrix->{cells}{$attack} // {})->{$configuration};
}

sub cell_is_expected {
	my ($cell) = @_;
	return !defined $cell->{as_expected} || is_true($cell->{as_expected});
}

# The options of a configuration as [word, is it the weakest value of its option].
sub weak_options {
	my ($matrix, $configuration) = @_;
	my %is_weakest = map { ("$_->{name}=$_->{weakest}" => 1) } grep { defined $_->{weakest} } @{ $matrix->{defences} // [] };
	return map { [$_, $is_weakest{$_} // 0] } split ' ', $configuration->{options} // '';
}

# The configuration in which nothing was changed: the one so called, or the one with the fewest options.
sub defaults {
	my ($matrix) = @_;
	my @all = configurations($matrix);
	my ($named) = grep { $_->{name} =~ /^defaults?$/ } @all;
	return $named // (sort { nr_options($a) <=> nr_options($b) } @all)[0];
}

sub nr_options { return scalar(() = ($_[0]{options} // '') =~ /\S+/g) }

# The configuration in which the attack succeeds that is nearest to the defaults; undef where there is none.
sub without_defence {
	my ($matrix, $attack) = @_;
	my @open = grep { my $cell = cell($matrix, $attack, $_->{name}); $cell && $cell->{outcome} eq 'BREACH' }
		configurations($matrix);
	my $rank = sub { 2 * nr_options($_[0]) + (($_[0]{options} // '') !~ /^\w+=off$/) };
	return (sort { $rank->($a) <=> $rank->($b) } @open)[0];
}

# The configuration in which the attack is stopped: the defaults where they do, else the first that does.
sub with_defence {
	my ($matrix, $attack) = @_;
	my $default = defaults($matrix);
	my @all = ($default ? $default : (), configurations($matrix));
	my ($stopped) = grep { my $cell = cell($matrix, $attack, $_->{name});
		$cell && $cell->{outcome} =~ /^(?:FAULT|DENIED|NOTHING)$/ } @all;
	return $stopped;
}

# "xpfo=sync,epoch smep=on&kaiser=pcid" in words
sub stopped_words {
	my ($attack) = @_;
	my @ways = map { join ' and ', split /&/ } split ' ', $attack->{stopped_by} // '';
	return @ways ? join ' or ', @ways : 'nothing';
}

sub explanation {
	my ($cell) = @_;
	return $cell->{explanation} // $cell->{report} // '';
}

my %ACCESS = (read => 'read of', write => 'write to', fetch => 'instruction fetch from', none => 'no access:');

sub frame_words {
	my ($frame) = @_;
	my $owner = $frame->{owner} // '?';
	return join ', ', "frame " . ($frame->{pfn} // '?'), "owner $owner", is_true($frame->{hidden}) ? 'hidden' : ();
}

# What the fault says, as [label, text] pairs.
sub fault_facts {
	my ($fault) = @_;
	return unless $fault;
	my $access = $ACCESS{ $fault->{access} // '' } // ($fault->{access} // 'access to');
	my @facts = (['access', "$access " . ($fault->{address} // '?')]);
	push @facts, ['by', $fault->{symbol} . ($fault->{rip} ? " (rip $fault->{rip})" : '')] if $fault->{symbol};
	push @facts, ['exception', $fault->{exception}] if ($fault->{exception} // 'page fault') ne 'page fault';
	push @facts, ['region', $fault->{region}] if $fault->{region};
	push @facts, ['frame', frame_words($fault->{frame})] if $fault->{frame};
	push @facts, ['defence', $fault->{defence}] if ($fault->{defence} // 'none') ne 'none';
	push @facts, ['reason', $fault->{reason}] if $fault->{reason};
	return @facts;
}

1;
