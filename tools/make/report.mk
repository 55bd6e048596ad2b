# What people look at: the report, and the picture of the matrix in the documentation.
.PHONY: report matrix-picture

report:
	@tools/report && echo build/report/index.html >&2

# From the last `make matrix`.
matrix-picture:
	@tools/report --picture docs/matrix.svg
