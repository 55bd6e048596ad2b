# The rows of the matrix: the museum's attacks, from attacks.def, and those of a folder given as EXTRA.
package Attacks;
use strict;
use warnings;
use File::Glob ':bsd_glob';
use Exporter 'import';
use Def qw(rows);
use Near 'near_words';
use Options 'options';
our @EXPORT_OK = qw(attacks attacks_apart extra_names extra_attacks);

my @OUTCOMES = qw(FAULT DENIED NOTHING BREACH);

# Option => {value => 1}.
sub option_values {
	return { map { $_->{name} => { map { $_ => 1 } @{ $_->{values} } } } options() };
}

# What is wrong with a row, or nothing.
sub complaint {
	my ($row, $options) = @_;
	my ($outcome, $nr_cpus) = @$row{qw(outcome nr_cpus)};
	return "$outcome is no outcome of an attack that is stopped; there are: @OUTCOMES" unless grep { $_ eq $outcome } @OUTCOMES;
	return "$nr_cpus processors" unless $nr_cpus =~ /^[1-9]\d*$/;
	for my $condition (map { split /&/ } split ' ', $row->{stopped_by}) {
		my ($option, $values) = $condition =~ /^(\w+)!?=([\w,]+)$/ or return "$condition is not OPTION=VALUE or OPTION!=VALUE";
		my $known = $options->{$option} or return "there is no option $option" . near_words($option, keys %$options);
		for my $value (split /,/, $values) {
			return "$option has no value $value; there are: " . join ' ', sort keys %$known unless $known->{$value};
		}
	}
	return;
}

# The rows of a table of attacks. Dies where one is wrong, and says where.
sub attacks {
	my ($path) = @_;
	my $options = option_values();
	my (@rows, %seen);
	for my $row (rows('attacks', $path)) {
		my $complaint = $seen{ $row->{name} }++ ? 'it has a row above' : complaint($row, $options);
		die "$path:$row->{line}: $row->{name}: $complaint\n" if defined $complaint;
		push @rows, { map { $_ => $row->{$_} } qw(name brief stopped_by outcome nr_cpus) };
	}
	return @rows;
}

# Attack => "option=value" that it needs to win and that is not the default: needs.def.
sub attacks_apart {
	return map { $_->{attack} => "$_->{option}=$_->{value}" } grep { $_->{macro} eq 'NEED_TO_WIN' } rows('needs');
}

# The programs of a folder: NAME.c, or NAME/ with C files in it.
sub extra_names {
	my ($folder) = @_;
	my $plain = $folder =~ s/([][*?{}~\\])/\\$1/gr;
	my %names = map { $_ => 1 } map { m{([^/]+)\.c$} } bsd_glob("$plain/*.c");
	$names{$_} = 1 for grep { $_ ne 'etc' } map { m{([^/]+)/[^/]+\.c$} } bsd_glob("$plain/*/*.c");
	return sort keys %names;
}

# A row for each program of the folder. What attacks.def, there or in the program's own folder, has none for is without
# `stopped_by`.
sub extra_attacks {
	my ($folder) = @_;
	my @names = extra_names($folder);
	my %row_of = map { $_ => { name => $_, brief => '', nr_cpus => 1 } } @names;
	my %path_of;
	for my $path (grep { -e } "$folder/attacks.def", map { "$folder/$_/attacks.def" } @names) {
		for my $row (attacks($path)) {
			my $name = $row->{name};
			die "$path: $name: there is no $folder/$name.c, nor a C file in $folder/$name/\n" unless $row_of{$name};
			die "$path: $name: it has a row in $path_of{$name}\n" if $path_of{$name};
			($row_of{$name}, $path_of{$name}) = ($row, $path);
		}
	}
	return map { $row_of{$_} } @names;
}

1;
