# What all plots share. Text and axes are "black", which becomes the colour of the page's text; the rest is legible on
# light and dark grounds. From outside: data (a file, fields separated by tabs, names in the first line), output.
set terminal svg size 760,430 dynamic font 'sans-serif,14' linewidth 1.2
set output output
set datafile separator tab
set datafile missing '-'
set border 3
set tics nomirror out
set grid ytics lc rgb 'gray' lw 0.5 dt 3
set key outside top center horizontal samplen 1.5 spacing 1.2
set style fill solid noborder
set style histogram clustered gap 1
set boxwidth 0.9 relative
ours = '#d9822b'
ours_light = '#e0a86a'
other1 = '#3b82c4'
other2 = '#7fb0dc'
other3 = '#3a9d6e'
other4 = '#9467bd'
aim = '#c8504b'
