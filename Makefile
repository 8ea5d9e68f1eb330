# make demo          installs what is missing, builds, and goes the whole road on a synthetic cohort
# make demo DATA=…   the same road on real data: a Decathlon or nnU-Net folder, DICOM, or NIfTI
# make test          installs what is missing, builds, and runs every test
# LIBTORCH=/path     builds against another LibTorch than Debian's

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

LAMINA := .build/release/lamina
OUT ?= out/demo

.PHONY: demo test build lint format clean

build:
	@scripts/bootstrap demo
	@echo "build: lamina, optimised (a first build takes some minutes)"
	@swift build -c release --quiet

demo: build
ifdef DATA
	$(LAMINA) run pipelines/demo.yaml --set data="$(DATA)" --into $(OUT)
else
	$(LAMINA) phantom --patients 40 --seed 1 --into $(OUT)/phantom
	$(LAMINA) run pipelines/demo.yaml --set data=$(OUT)/phantom/dicom \
	  --set ingest.labels=$(OUT)/phantom/labels \
	  --set 'prepare.spacing=[2.7, 2.7]' --set 'prepare.canvas=[64, 64]' --into $(OUT)
endif

test:
	@scripts/bootstrap test
	@echo "test: debug"
	swift test
	@echo "test: release"
	swift build -c release --build-tests
	swift test -c release --skip-build
	@echo "test: interop (zarr-python, tensorstore, nibabel, SimpleITK, pydicom)"
	.venv-interop/bin/python -m pytest -q Tests/Interop
	@echo "test: weights under PyTorch (torchvision, nnU-Net, MONAI)"
	.venv-torch/bin/python -m pytest -q Tests/Interop/test_weights.py

lint:
	swift format lint --strict --recursive Package.swift Sources Tests Fuzz

format:
	swift format --in-place --recursive Package.swift Sources Tests Fuzz

clean:
	rm -rf .build out
