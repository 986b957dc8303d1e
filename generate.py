"""Makes clips and pictures with a generator of a run, or with one that was passed on.

python generate.py samples --config=faces               # runs/faces -> runs/faces/samples.mp4
python generate.py samples --num=100 --layout=clips --output=clips      # clips/clip-0000.mp4 ...
python generate.py samples --num=10000 --output=clips.npy     # one array [N, T, H, W, C] of uint8
python generate.py interpolation --output=interpolation.mp4
python generate.py interpolation --loop --output=loop.webp
python generate.py project --source=face.mp4 --output=projection.png  # and projection.npz
python generate.py samples --latents=projection.npz
python generate.py edit --output=edit.png
python generate.py prediction --source=walk.mp4 --output=walk.png
python generate.py progress --output=progress.png
python generate.py curves --output=curves.png
python generate.py report --run=runs/faces               # runs/faces/report/index.html
python generate.py samples --model=gs-000012000.weights.h5    # and its card gs-000012000.json
python generate.py samples --model=hf://owner/name@v1         # or https://.../a.weights.h5#sha256=...
python generate.py export --format=onnx                 # runs/faces -> runs/faces/onnx
"""

from commands.script import run_commands

if __name__ == "__main__":
    run_commands(
        __doc__,
        [
            *("samples", "interpolation", "project", "edit", "prediction", "progress", "curves"),
            *("report", "export"),
        ],
    )
