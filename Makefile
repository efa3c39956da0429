# The front door. Meson builds; this file only says what there is to type.
# Every target with a comment behind two hashes shows up in `make help`.

BUILD  ?= build
JOBS   ?= $(shell nproc)
PYTHON := /usr/bin/python3
MESON  := /usr/bin/meson
STAGE  := $(BUILD)/root
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help packages packages-dev packages-drivers build release pgo test unit it compat tsan lint fmt shape \
        docs-check demo demo-stop \
        demo-failover demo-nobinlog tarball bench fuzz install clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

packages:
	@tools/install-packages

packages-dev:
	@tools/install-packages dev

packages-drivers:
	@tools/install-packages drivers

# $(call configure,folder,options): a build folder that exists is only brought up to date.
define configure
	@test -f $(1)/build.ninja || $(MESON) setup $(1) $(2) -Dcommit=$(COMMIT) >$(1).log 2>&1 || { cat $(1).log; exit 1; }
	@rm -f $(1).log
endef

# $(call compile,folder): and installs below folder/root, from where tests and tools run it.
define compile
	@ninja -C $(1) -j $(JOBS) --quiet
	@$(MESON) install -C $(1) --no-rebuild --quiet --destdir root >/dev/null
endef

build: packages ## developer tree in build/ with address and undefined behaviour sanitizers
	$(call configure,$(BUILD),-Db_sanitize=address$(comma)undefined -Dwerror=true)
	$(call compile,$(BUILD))

OPTIMISED := --buildtype=release -Db_lto=true -Ddebug=true -Dtests=false --prefix=/
release: packages ## optimised tree in build-release/
	$(call configure,build-release,$(OPTIMISED))
	$(call compile,build-release)

# Compiled twice: what the load bed finds to be hot in the first tree guides the second one. The counters are
# atomic, for several threads add to them; what was never run is optimised as in the release tree.
pgo: release ## the release tree trained by the load bed, in build-pgo/ (takes twice as long)
	@rm -rf build-pgo
	$(call configure,build-pgo,$(OPTIMISED) -Db_pgo=generate -Dc_args=-fprofile-update=atomic)
	$(call compile,build-pgo)
	@$(PYTHON) tools/train.py build-pgo/root
	@$(MESON) configure build-pgo -Db_pgo=use "-Dc_args=-fprofile-partial-training -Wno-missing-profile"
	$(call compile,build-pgo)

comma := ,

test: build shape unit it ## everything: shape checks, unit tests, real servers and clients

unit: build ## unit tests and fuzz corpora, sanitized
	@$(MESON) test -C $(BUILD) --no-rebuild --print-errorlogs --num-processes $(JOBS)

it: build tarball packages-drivers ## integration and compatibility tests on real servers; K=expr chooses some
	@cd tests && MX_ROOT=$(CURDIR)/$(STAGE)/usr $(PYTHON) -m pytest -c integration/pytest.ini -n 3 --dist loadfile \
	    -m "not alone" integration compat $(if $(K),-k "$(K)") || [ $$? -eq 5 ]
	@cd tests && MX_ROOT=$(CURDIR)/$(STAGE)/usr $(PYTHON) -m pytest -c integration/pytest.ini \
	    -m alone integration $(if $(K),-k "$(K)") || [ $$? -eq 5 ]

tsan: packages ## unit tests and what crosses threads under the thread sanitizer
	$(call configure,build-tsan,-Db_sanitize=thread -Dwerror=true)
	$(call compile,build-tsan)
	@$(MESON) test -C build-tsan --no-rebuild --print-errorlogs --timeout-multiplier 10
	@cd tests && MX_ROOT=$(CURDIR)/build-tsan/root/usr $(PYTHON) -m pytest -c integration/pytest.ini \
	    integration/test_smoke.py integration/test_client_charsets.py integration/test_kill.py integration/test_listeners.py \
	    integration/test_placement.py integration/test_pool.py integration/test_limits.py integration/test_tls.py \
	    integration/test_auth.py integration/test_pam.py integration/test_share.py integration/test_replication.py \
	    integration/test_conversation_variants.py::test_bytes_are_the_servers_while_sessions_change_their_worker \
	    -k "not conversations"

lint: packages-dev shape ## format, clang-tidy, cppcheck, spelling, shell
	@test -f build-lint/build.ninja || CC=clang $(MESON) setup build-lint >/dev/null
	@tools/lint build-lint

fmt: packages-dev ## format every C file
	@git ls-files '*.c' '*.h' | xargs clang-format -i

shape:
	@$(PYTHON) tools/check_shape.py
	@$(PYTHON) tools/check_docs.py

demo: release ## a real primary and replica with the proxy in front, left running
	@$(PYTHON) tools/demo.py up

demo-stop: ## stops what make demo left running
	@$(PYTHON) tools/demo.py stop

demo-failover: release ## kills the primary under a running write loop and shows what clients saw
	@$(PYTHON) tools/demo.py failover

demo-nobinlog: release ## a replica without a binary log: what the program says before, during, after
	@$(PYTHON) tools/demo.py nobinlog

TREE ?= build-release
tarball: release ## dist/maxscale-<version>.linux-<arch>.tar.gz, self-contained; TREE=build-pgo packs that
	@tools/make-tarball $(TREE)

bench: packages-dev release ## direct, HAProxy in TCP mode, this proxy in one run: make bench S="load tls" FULL=1
	@MX_BENCH_FULL=$(FULL) $(PYTHON) bench/bench.py $(S)

fuzz: packages-dev ## one fuzz target for SECONDS_: make fuzz T=wire_reply SECONDS_=60
	@tools/fuzz "$(T)" "$(or $(SECONDS_),60)"

install: packages ## into DESTDIR (default: this machine), below PREFIX (default /usr)
	$(call configure,build-install,--buildtype=release -Db_lto=true -Dtests=false --prefix=$(or $(PREFIX),/usr))
	@ninja -C build-install -j $(JOBS) --quiet
	@$(MESON) install -C build-install --no-rebuild $(if $(DESTDIR),--destdir $(DESTDIR))

clean: ## removes the build folders
	@rm -rf build build-release build-pgo build-tsan build-fuzz build-install build-lint dist
