# The image has this checkout and the locked requirements, as `make install` has them:
#     docker build -t swgan .
#     docker build -t swgan:gpu --build-arg GPU=1 .    # with CUDA's libraries
FROM python:3.11-slim

WORKDIR /swgan

# The requirements come first: they are installed again only after a change of theirs.
ARG GPU=0
COPY requirements.txt requirements-gpu.txt ./
RUN case "$GPU" in \
        0) lock=requirements.txt ;; \
        1) lock=requirements-gpu.txt ;; \
        *) echo "GPU should be 0 or 1. Received: GPU=$GPU" >&2; exit 1 ;; \
    esac \
    && python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary=:all: -r "$lock"

COPY . .
RUN useradd --create-home --uid 1000 swgan \
    && mkdir -p datasets demo runs videos \
    && chown swgan datasets demo runs videos
USER 1000

ENTRYPOINT ["python"]
CMD ["train.py", "--help"]
