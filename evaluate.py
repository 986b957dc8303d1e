"""Scores clips of a generator, by protocols with a name.

python evaluate.py distance --run=runs/faces           # with the data set of the run; no network
python evaluate.py convert_weights --source=i3d/model.ckpt --output=i3d.weights.h5
python evaluate.py train_c3d --data=datasets/actions --output=c3d.weights.h5 --width=8
python evaluate.py score --run=runs/ucf101 --protocol=tgan --weights=c3d.weights.h5
python evaluate.py score --clips=videos --data=data --protocol=fvd --weights=i3d.weights.h5
python evaluate.py prediction --run=runs/kth --data=datasets/kth-val
python evaluate.py frames --run=runs/faces --protocol=inception_keras --weights=inception.weights.h5
python evaluate.py labels --run=runs/actions --weights=c3d.weights.h5 --held_out=datasets/val
python evaluate.py memorisation --run=runs/faces --weights=c3d.weights.h5
python evaluate.py plot --run runs/ucf101
python evaluate.py measure --run=runs/ucf101 --held_out=val --weights=c3d.weights.h5 --output=a.json
python evaluate.py tables --output=study   # trains and compares all systems of the paper
python evaluate.py human_study --models runs/faces runs/wgan_gp --output=study
python evaluate.py human_results --key=study/key.json --answers answers-*.csv
python evaluate.py distance --model=gs-000012000.weights.h5 --data=datasets/faces   # and its card
"""

from commands.script import run_commands

if __name__ == "__main__":
    run_commands(
        __doc__,
        [
            *("score", "distance", "prediction_scores", "memorisation", "measure", "frames"),
            *("label_scores", "convert_weights", "train_c3d", "plot", "tables"),
            *("human_study", "human_results"),
        ],
    )
