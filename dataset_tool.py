"""Makes data sets of clips, inspects them and checks them.

python dataset_tool.py create_faces                         # films/ -> videos/
python dataset_tool.py create_tfrecords --config=faces      # videos/ -> datasets/faces
python dataset_tool.py info --data=datasets/faces
python dataset_tool.py verify --data=datasets/faces
python dataset_tool.py display --data=datasets/faces --output=faces.webp
python dataset_tool.py extract --data=datasets/faces --output=clips --format=mp4
python dataset_tool.py compare --data=datasets/faces --other=datasets/faces-jpeg
python dataset_tool.py stats --data=datasets/faces
"""

from commands.script import run_commands

if __name__ == "__main__":
    run_commands(
        __doc__,
        [
            "create_tfrecords",
            "create_faces",
            "info",
            "verify",
            "display",
            "extract",
            "compare",
            "stats",
        ],
    )
