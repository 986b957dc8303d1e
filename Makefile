# Everything runs in .venv, which is made from requirements.txt by whatever needs it first.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
DISK_MB := 3500
JOBS ?= 2
# The stamp is written last and names the lock's content: an interrupted or outdated .venv is made anew.
INSTALLED := $(VENV)/.installed-$(shell cksum < requirements.txt | cut -d ' ' -f 1)

COMPILE := $(RUN) -m uv pip compile pyproject.toml --extra=dev --universal --fork-strategy=fewest --upgrade \
	--generate-hashes --quiet --custom-compile-command="make lock"

.DEFAULT_GOAL := help
.PHONY: help install demo test soak lint lock clean

help:
	@echo "make demo     synthetic clips, training through all rungs, pictures: all in demo/"
	@echo "make test     run the tests, JOBS=2 at a time (ARGS=... goes to pytest)"
	@echo "make soak     run the long forms of some tests: many kills, thousands of steps"
	@echo "make lint     check the style"
	@echo "make install  make .venv with the locked requirements; the others do it by themselves"
	@echo "make lock     write requirements.txt, -io.txt and -onnx.txt anew from pyproject.toml"
	@echo "make clean    remove .venv and demo/"
	@echo "PYTHON=... chooses the Python of .venv, 3.11 to 3.13. Received: PYTHON=$(PYTHON)"

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
	@$(RUN) evaluate.py distance --run=demo/run --data=demo/data --most_distance=200 --motion_within 0.5 2
	@echo "Open:"
	@ls -d demo/*.gif demo/*.png
	@echo "Watch: $(VENV)/bin/tensorboard --logdir demo/run"

test: $(INSTALLED)
	@$(RUN) -m pytest -q -rs -n $(JOBS) --dist=loadfile $(ARGS)

soak: $(INSTALLED)
	@$(RUN) -m pytest -q -rs -m soak --soak $(ARGS)

lint: $(INSTALLED)
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check

lock: $(INSTALLED)
	@$(COMPILE) --output-file=requirements.txt
	@$(COMPILE) --extra=io --output-file=requirements-io.txt
	@$(COMPILE) --extra=onnx --constraint=requirements.txt --output-file=requirements-onnx.txt

clean:
	rm -rf $(VENV) demo

$(INSTALLED):
	@command -v "$(PYTHON)" > /dev/null || { echo "Python 3.11 to 3.13 is needed. Received: no $(PYTHON) (set PYTHON=...)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:3]; (3, 11) <= v[:2] <= (3, 13) or sys.exit("Python 3.11 to 3.13 is needed. Received: %d.%d.%d (set PYTHON=...)" % v)'
	@"$(PYTHON)" -c 'import shutil, sys; free = shutil.disk_usage(".").free >> 20; free >= $(DISK_MB) or sys.exit("%d MB of free disk are needed for $(VENV). Received: %d MB" % ($(DISK_MB), free))'
	@rm -rf $(VENV)
	@echo "Installing the locked requirements in $(VENV) ..."
	@"$(PYTHON)" -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r requirements.txt
	@touch $@
