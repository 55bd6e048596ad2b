# The museum: every attack on every variant of every defence.
export MATRIX EXTRA MATRIX_BOCHS MATRIX_OUT

.PHONY: matrix

matrix: $(ISO) | $(call deps,run bochs)
	@$(boot_names) tools/matrix
