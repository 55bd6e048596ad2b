# JSON as the benchmark tools keep it: what looks like a number is one, so that figures made by sprintf are.
package Json;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
our @EXPORT_OK = qw(json_read json_write json_file);

# The value of a text; dies where it is none. false and true are 0 and 1.
sub json_read {
	my ($text) = @_;
	return JSON::PP->new->boolean_values(0, 1)->decode($text);
}

sub json_file {
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	local $/;
	return json_read(scalar <$file>);
}

sub with_numbers {
	my ($value) = @_;
	return { map { $_ => with_numbers($value->{$_}) } keys %$value } if ref $value eq 'HASH';
	return [map { with_numbers($_) } @$value] if ref $value eq 'ARRAY';
	return defined $value && !ref $value && $value =~ /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[-+]?\d+)?$/ ? $value + 0 : $value;
}

# The text of a value, indented; hashes by sorted name.
sub json_write {
	my ($value) = @_;
	return JSON::PP->new->canonical->indent->indent_length(2)->space_after->encode(with_numbers($value));
}

1;
