# Everything runs in .venv, which the first target that needs it makes from the locked requirements.

VENV := .venv
# What .venv was made with: GPU and PYTHON are remembered until they are given again.
-include $(VENV)/choices.mk
PYTHON ?= python3
GPU ?= 0
JOBS ?= 2

ifneq ($(filter $(GPU),0 1),$(GPU))
$(error GPU should be 0 or 1. Received: GPU=$(GPU))
endif
RUN := $(VENV)/bin/python
LOCK := $(if $(filter 1,$(GPU)),requirements-gpu.txt,requirements.txt)
DISK_MB := $(if $(filter 1,$(GPU)),11000,3500)
PYTHON_VERSION := $(shell "$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null)
# The stamp is written last. It names Python's version and the content of the lock, so that .venv is
# made anew after an interruption and after a change of either.
INSTALLED := $(VENV)/.installed-$(PYTHON_VERSION)-$(shell cksum < $(LOCK) | cut -d ' ' -f 1)

COMPILE = $(RUN) -m uv pip compile pyproject.toml --extra=dev --universal --fork-strategy=fewest \
	$(if $(UPGRADE),--upgrade) --generate-hashes --quiet --custom-compile-command="make lock"

# Only what `python -m venv` made is deleted.
CHECK_VENV := [ -z "$$(ls -A $(VENV) 2> /dev/null)" ] || [ -e $(VENV)/pyvenv.cfg ] || [ -e $(VENV)/choices.mk ] \
	|| { echo "$(VENV) should be a virtual environment, or not exist. Received: something else" >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help install demo test soak lint lock clean

help:
	@echo "make demo     synthetic clips, training through all rungs, pictures: all in demo/"
	@echo "make test     run the tests, JOBS=2 at a time (ARGS=... goes to pytest)"
	@echo "make soak     run the long forms of some tests: many kills, thousands of steps"
	@echo "make lint     check style and types"
	@echo "make install  make .venv with the locked requirements; the others do it by themselves"
	@echo "make lock     bring the lock files up to date with pyproject.toml (UPGRADE=1: newest versions)"
	@echo "make clean    remove .venv and demo/"
	@echo "PYTHON=...    the Python of .venv, 3.11 to 3.13. Received: PYTHON=$(PYTHON)"
	@echo "GPU=1         install CUDA's libraries too. Received: GPU=$(GPU)"

install: $(INSTALLED)

demo: $(INSTALLED)
	@[ -d demo/data ] || $(RUN) dataset_tool.py create_tfrecords --config=demo --source_format=synthetic --output=demo/data
	@$(RUN) train.py --config=demo --data=demo/data --run=demo/run
	@$(RUN) generate.py samples --run=demo/run --num=16 --output=demo/samples.gif
	@$(RUN) generate.py samples --run=demo/run --num=16 --output=demo/samples.png
	@$(RUN) generate.py interpolation --run=demo/run --output=demo/interpolation.gif
	@$(RUN) generate.py interpolation --run=demo/run --loop --output=demo/loop.gif
	@$(RUN) generate.py progress --run=demo/run --output=demo/progress.png
	@$(RUN) generate.py curves --run=demo/run --output=demo/curves.png
	@$(RUN) evaluate.py distance --run=demo/run --max_distance=100 --motion_range 0.5 2
	@$(RUN) generate.py report --run=demo/run
	@echo "Open:"
	@ls -d demo/*.gif demo/*.png demo/run/report/index.html
	@echo "Watch: $(VENV)/bin/tensorboard --logdir demo"

test: $(INSTALLED)
	@$(RUN) -m pytest -q -rs -n $(JOBS) --dist=loadfile $(ARGS)

soak: $(INSTALLED)
	@$(RUN) -m pytest -q -rs -m soak --soak $(ARGS)

lint: $(INSTALLED)
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy

# The extras agree with requirements.txt, but for io, beam and remote, which need some older packages.
lock: $(INSTALLED)
	@$(COMPILE) --output-file=requirements.txt
	@$(COMPILE) --extra=gpu --constraint=requirements.txt --output-file=requirements-gpu.txt
	@$(COMPILE) --extra=onnx --constraint=requirements.txt --output-file=requirements-onnx.txt
	@$(COMPILE) --extra=hub --constraint=requirements.txt --output-file=requirements-hub.txt
	@$(COMPILE) --extra=io --output-file=requirements-io.txt
	@$(COMPILE) --extra=beam --output-file=requirements-beam.txt
	@cp requirements.txt requirements-remote.txt  # Its versions are kept where they can be.
	@$(COMPILE) --extra=remote --output-file=requirements-remote.txt

clean:
	@$(CHECK_VENV)
	rm -rf $(VENV) demo

$(INSTALLED):
	@command -v "$(PYTHON)" > /dev/null || { echo "Python 3.11 to 3.13 is needed. Received: no $(PYTHON) (set PYTHON=...)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:3]; (3, 11) <= v[:2] <= (3, 13) or sys.exit("Python 3.11 to 3.13 is needed. Received: %d.%d.%d (set PYTHON=...)" % v)'
	@"$(PYTHON)" -c 'import shutil, sys; free = shutil.disk_usage(".").free >> 20; free >= $(DISK_MB) or sys.exit("%d MB of free disk are needed for $(VENV). Received: %d MB" % ($(DISK_MB), free))'
	@$(CHECK_VENV)
	@echo "Making $(VENV) with Python $(PYTHON_VERSION) ..."
	@mkdir -p $(VENV)
	@printf 'PYTHON ?= %s\nGPU ?= %s\n' '$(PYTHON)' '$(GPU)' > $(VENV)/choices.mk
	@find $(VENV) -mindepth 1 -maxdepth 1 ! -name choices.mk -exec rm -rf {} +
	@"$(PYTHON)" -m venv $(VENV)
	@echo "Installing $(LOCK): $$(grep -c '^[a-z].*==' $(LOCK)) packages, some minutes ..."
	@$(RUN) -m pip install --disable-pip-version-check --require-hashes --only-binary=:all: -r $(LOCK)
	@touch $@
