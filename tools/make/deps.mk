# Packages, by group; tools/deps installs what is missing and leaves a stamp, so the check costs nothing.
# $(call deps,GROUP...) is the list of stamps to depend on, order-only.
deps = $(if $(filter 0,$(DEPS)),,$(addprefix build/deps/,$(sort build $(1))))

build/deps/%: tools/deps
	@tools/deps $*
	@mkdir -p $(@D) && touch $@
