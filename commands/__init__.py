"""The commands: one file per sub-command, with `flags(parser)` and `run(args)`.

Their modules import nothing heavy until they run, so that `--help` answers at once.
"""
